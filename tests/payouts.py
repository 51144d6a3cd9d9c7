"""What tests of payouts do at the sandbox."""

import httpx

from tests.harness import Api


def press(api: Api, path: str, ref: str, action: str) -> httpx.Response:
    """A button of one of the sandbox's pages, whose notices come to us over HTTP."""
    return api.post(f"{path}{ref}", data={"action": action})
