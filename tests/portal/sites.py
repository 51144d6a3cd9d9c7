"""The contract as the portal's parts read it."""

from contract.loader import load
from portal.model import Operation, read

SITE = read(load())
ORIGIN = "http://127.0.0.1:8000"
OPERATIONS: dict[str, Operation] = {operation.id: operation for operation in SITE.operations}
IDS = sorted(OPERATIONS)
