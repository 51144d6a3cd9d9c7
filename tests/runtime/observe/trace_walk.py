"""A process of its own, for its log and its end: a server that records only what trusted callers ask for.

The log goes to stderr.
"""

import sys

from runtime.observe import log
from runtime.settings import Settings
from tests.harness import Server

SECRET = "a-secret-of-the-walk-0123456789-abcdef"


def walk(url: str, endpoint: str, traceparent: str) -> None:
    server = Server(Settings(secret_key=SECRET), url, otlp_endpoint=endpoint, trace_ratio=0)
    try:
        with server.client() as api:
            api.call("auth.me")
            api.call("auth.me", headers={"traceparent": traceparent})
    finally:
        server.stop()


if __name__ == "__main__":
    log.configure(readable=False, traced=True)
    walk(*sys.argv[1:])
