"""What helps Schemathesis to get further, besides the contract. Importing this is enough.

What cleaning makes good or bad is judged as cleaned: see `filter_case`.

An archive is built by the worker: whoever asks for its URL has waited until it is there, as the contract tells.

Links that only tests can follow: mails are for people, so what leads out of the mailbox is no part of the contract; and
`#regex:` is a word of Schemathesis, not of OpenAPI.
"""

import os
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import schemathesis
from hypothesis import strategies as st
from schemathesis import Case, HookContext

from contract.loader import OPENAPI, load
from tests.fuzz.parts import Part, parts_of
from tests.until import until

CONTRACT = "BIORE_FUZZ_CONTRACT"
"""The environment's name for the folder of a contract that is not ours."""
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


EXPORT_SECONDS = 20

# Drawn blindly, two of three valid passwords miss a rule and are thrown away with all that led there. Lengths at the
# bounds and just beyond are drawn often, because each is asked for by itself, and what is rare is searched for long.
NEW_PASSWORD = "new-password"
SIZES = st.sampled_from((7, 8, 9, 127, 128, 129)) | st.integers(8, 128)
CHARACTERS = st.characters(exclude_characters="\x00", exclude_categories=["Cs"])
TEXTS = SIZES.flatmap(lambda size: st.text(CHARACTERS, min_size=size - 3, max_size=size - 3))
PASSWORDS = st.tuples(TEXTS, st.permutations("Aa1")).map(lambda parts: parts[0] + "".join(parts[1]))
schemathesis.openapi.format(NEW_PASSWORD, PASSWORDS)

# Of numbers that the pattern takes few fit the plan of a country.
PHONE = "phone"
schemathesis.openapi.format(PHONE, st.from_regex(r"\+(90555[0-9]{7}|1202555[0-9]{4}|4915[0-9]{9})", fullmatch=True))


@schemathesis.hook
def before_load_schema(context: HookContext, raw_schema: dict[str, Any]) -> None:
    for (path, method, status), links in LINKS.items():
        raw_schema["paths"][path][method]["responses"][status].setdefault("links", {}).update(links)
    # Only a new password keeps the rules; one that is compared may be any text.
    raw_schema["components"]["schemas"]["Password"]["format"] = NEW_PASSWORD
    raw_schema["components"]["schemas"]["Phone"]["format"] = PHONE


@cache
def parts() -> Mapping[str, tuple[Part | None, Mapping[str, Part]]]:
    """Of each operation the body and the parameters of the query."""
    return parts_of(load(Path(os.environ.get(CONTRACT, OPENAPI))))


@schemathesis.hook
def filter_case(context: HookContext, case: Case[Any]) -> bool:
    """The rules hold for a text as `x-biore-normalize` leaves it; Schemathesis, which knows nothing of cleaning, would
    have them hold for what it sent.
    """
    body, query = parts()[case.operation.definition.raw["operationId"]]
    if body is not None and isinstance(case.body, dict) and body.is_judged_otherwise(case.body):
        return False
    given = case.query or {}
    return not any(part.is_judged_otherwise(given[name]) for name, part in query.items() if name in given)


@schemathesis.hook
def before_call(context: HookContext, case: Case[Any], **_: Any) -> None:
    if context.operation is not None and context.operation.definition.raw["operationId"] == "gdpr.export_download":
        _wait_for_export(case)


def _wait_for_export(case: Case[Any]) -> None:
    """Until nobody works on the export any more. What names no export of the caller is not waited for."""
    parameters: Mapping[str, Any] = case.path_parameters or {}
    headers: Mapping[str, str] = case.headers or {}
    request_id, authorization = parameters.get("id"), headers.get("Authorization", "")
    if not _is_uuid(request_id) or not authorization.isascii():
        return
    url = f"{case.operation.schema.get_base_url()}/gdpr/export/{request_id}/status"
    with httpx.Client(headers={"Authorization": authorization}, trust_env=False) as client:
        until(lambda: _is_settled(client.get(url)), "the archive", EXPORT_SECONDS)


def _is_settled(answer: httpx.Response) -> bool:
    if answer.status_code != httpx.codes.OK:
        return True
    status: str = answer.json()["data"]["status"]
    return status not in ("PENDING", "PROCESSING")


def _is_uuid(value: Any) -> bool:
    try:
        return str(UUID(str(value))) == str(value)
    except ValueError:
        return False
