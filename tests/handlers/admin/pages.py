"""Lists of staff, page by page."""

from typing import Any

from tests.harness import Api
from tests.staff import Hired


def walked(api: Api, operation_id: str, caller: Hired, **params: Any) -> list[str]:
    """The ids of a whole list, one on each page."""
    seen: list[str] = []
    asked: dict[str, Any] = params | {"limit": 1}
    while True:
        response = api.call(operation_id, params=asked, headers=caller.headers)
        assert response.status_code == 200, response.text
        page = response.json()["data"]
        seen += [item["id"] for item in page["items"]]
        if page["nextCursor"] is None:
            return seen
        asked["cursor"] = page["nextCursor"]
