"""What helps Schemathesis to get further, besides the contract. Importing this is enough.

Links that only tests can follow: mails are for people, so what leads out of the mailbox is no part of the contract; and
`#regex:` is a word of Schemathesis, not of OpenAPI.
"""

from collections.abc import Mapping
from typing import Any

import schemathesis
from hypothesis import strategies as st
from schemathesis import HookContext

VERIFY, RESET = "/verify-email?token=", "/reset-password?token="  # what the links of mails hold


def _token_behind(page: str) -> Mapping[str, str]:
    return {"token": "$response.body#/data/messages/0/text#regex:" + page.replace("?", r"\?") + "([0-9a-f-]+)"}


LINKS: Mapping[tuple[str, str, str], Mapping[str, Any]] = {
    ("/dev/mailbox", "get", "200"): {
        "verify": {"operationId": "auth.verify_email", "requestBody": _token_behind(VERIFY)},
        "reset": {"operationId": "auth.passwords.reset", "requestBody": _token_behind(RESET)},
    },
    ("/auth/register", "post", "201"): {
        "forgot": {"operationId": "auth.passwords.forgot", "requestBody": {"email": "$request.body#/email"}}
    },
}


# Drawn blindly, two of three valid passwords miss a rule and are thrown away with all that led there.
TEXTS = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=120)
PASSWORDS = st.tuples(TEXTS, st.permutations("Aa1bcdef")).map(lambda parts: parts[0] + "".join(parts[1]))
schemathesis.openapi.format("password", PASSWORDS)


@schemathesis.hook
def before_load_schema(context: HookContext, raw_schema: dict[str, Any]) -> None:
    for (path, method, status), links in LINKS.items():
        raw_schema["paths"][path][method]["responses"][status].setdefault("links", {}).update(links)
