"""A process of its own, for its imports and its log: an application without tracing, then a server with it.

The log goes to stderr; to stdout, as JSON, whether OpenTelemetry was there before, and the trace that was asked for.
"""

import json
import sys

from runtime import log
from runtime.app import Application
from runtime.settings import Settings
from tests.harness import Server

SECRET = "a-secret-of-the-walk-0123456789-abcdef"
TRACE_ID = "0af7651916cd43dd8448eb211c80319c"


def walk(url: str, endpoint: str) -> None:
    settings = Settings(secret_key=SECRET)
    Application(settings, url)
    loaded = "opentelemetry" in sys.modules
    server = Server(settings, url, otlp_endpoint=endpoint)
    try:
        with server.client() as api:
            api.call("auth.me", headers={"traceparent": f"00-{TRACE_ID}-b7ad6b7169203331-01"})
    finally:
        server.stop()
    sys.stdout.write(json.dumps({"loaded": loaded, "trace_id": TRACE_ID}))


if __name__ == "__main__":
    log.configure(readable=False, traced=True)
    walk(*sys.argv[1:])
