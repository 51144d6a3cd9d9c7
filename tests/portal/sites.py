"""The contract as the portal's parts read it."""

from portal.model import Operation, read
from runtime.spec import load

SITE = read(load())
ORIGIN = "http://127.0.0.1:8000"
OPERATIONS: dict[str, Operation] = {operation.id: operation for operation in SITE.operations}
IDS = sorted(OPERATIONS)
