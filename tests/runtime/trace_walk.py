"""A process of its own, for its imports and its log: an application without tracing as if OpenTelemetry were not there,
then a server that records what trusted callers ask for.

The log goes to stderr; to stdout, as JSON, whether the former loaded tracing, and the trace that the latter was asked for.
"""

import json
import sys

from runtime import log
from runtime.settings import Settings

SETTINGS = Settings(secret_key="a-secret-of-the-walk-0123456789-abcdef")
TRACE_ID = "0af7651916cd43dd8448eb211c80319c"


def start_without(url: str) -> bool:
    """Whether tracing was loaded. Imports of OpenTelemetry fail meanwhile; redis-py tries one, and lives without."""
    sys.modules["opentelemetry"] = None  # type: ignore[assignment]
    from runtime.app import Application

    Application(SETTINGS, url)
    del sys.modules["opentelemetry"]
    return "runtime.spans" in sys.modules


def walk(url: str, endpoint: str) -> None:
    loaded = start_without(url)
    from tests.harness import Server  # imports the application

    server = Server(SETTINGS, url, otlp_endpoint=endpoint, trace_ratio=0)
    try:
        with server.client() as api:
            api.call("auth.me")
            api.call("auth.me", headers={"traceparent": f"00-{TRACE_ID}-b7ad6b7169203331-01"})
    finally:
        server.stop()
    sys.stdout.write(json.dumps({"loaded": loaded, "trace_id": TRACE_ID}))


if __name__ == "__main__":
    log.configure(readable=False, traced=True)
    walk(*sys.argv[1:])
