"""Types that are written from the contract: what they say, and that handlers are annotated with them."""

from collections.abc import Mapping, Sequence
from typing import Any, get_args, get_origin, get_type_hints

import pytest

from contract.loader import ROOT, load
from contract.schemas import SchemaCompiler
from contract.unions import field_of, kinds_of
from contract.wire import FOLDER, Types, files, types_of
from domain.answers.prepared import Prepared
from domain.wire import auth, common, users
from runtime.web.dispatch import find_handler
from tests.annotations import hints

CONTRACT = load()
TYPES = types_of(CONTRACT)
MODULES = {module: vars(__import__(f"domain.wire.{module}", fromlist=["*"])) for module in
           {name.partition(".")[0] for name in CONTRACT.policies} | {"common"}}  # fmt: skip


# Of bodies of bytes, and of answers without an envelope, which are no schemas with a name.
BUILT_IN = {"str": str, "bytes": bytes, "dict[str, str]": dict[str, str]}


def meant(text: str | None) -> tuple[bool, Any]:
    """Whether ``types_of`` names a list, and the type that it names."""
    if text in BUILT_IN:
        return False, BUILT_IN[text]
    module, _, name = (text or "").removeprefix("list[").removesuffix("]").partition(".")
    return (text or "").startswith("list["), MODULES[module][name] if text else type(None)


def said(hint: Any) -> tuple[bool, Any]:
    """The same of an annotation, which is a sequence where `list` is the name of a handler; of prepared bytes it is
    what they hold.
    """
    if get_origin(hint) is Prepared:
        return said(get_args(hint)[0])
    of_many = get_origin(hint) in (list, Sequence)
    return of_many, get_args(hint)[0] if of_many else hint


@pytest.mark.parametrize(("name", "types"), TYPES.items(), ids=TYPES)
def test_a_handler_is_annotated_with_what_it_takes_and_answers(name: str, types: Types) -> None:
    found = hints(find_handler(name))
    assert said(found["return"]) == meant(types.answer)
    if "body" in found:
        assert said(found["body"]) == meant(types.body)


def test_a_body_has_the_fields_of_its_schema() -> None:
    schemas = SchemaCompiler(CONTRACT.document)
    for name, types in TYPES.items():
        if types.body is None:
            continue
        schema = CONTRACT.operation(name)["requestBody"]["content"]["application/json"]["schema"]
        schema, shape = schemas.resolved(schema), meant(types.body)[1]
        kinds = kinds_of(CONTRACT.document, schema).values() if field_of(schema) else [schema]
        for kind, each in zip(kinds, get_args(shape) or [shape], strict=True):
            fields = kind["properties"].keys() - set(CONTRACT.policies[name].captcha)
            assert get_type_hints(each).keys() == fields


def test_what_is_committed_is_what_the_contract_says() -> None:
    written = {path.name: path.read_bytes() for path in (ROOT / FOLDER).glob("*.py")}
    assert written == files(CONTRACT)


def test_prepared_bytes_are_annotated_with_what_they_hold() -> None:
    assert said(Prepared[auth.Registration]) == said(auth.Registration) == (False, auth.Registration)
    assert said(Prepared[Sequence[users.Consent]]) == (True, users.Consent)


class TestTypes:
    def test_optional_fields_and_nullable_ones_are_not_the_same(self) -> None:
        assert users.UpdateProfileRequest.__required_keys__ == frozenset()
        kinds = get_type_hints(users.UpdateProfileRequest)
        assert (kinds["bio"], kinds["avatarUrl"]) == (str | None, str)
        assert auth.RegisterRequest.__required_keys__ == {"email", "password", "acceptedTerms", "acceptedPrivacy"}

    def test_handlers_see_no_captcha(self) -> None:
        assert not {"captchaToken", "turnstileToken"} & get_type_hints(auth.RegisterRequest).keys()

    def test_an_enum_is_its_values(self) -> None:
        assert get_args(common.UserStatus) == ("ACTIVE", "SUSPENDED", "BANNED", "DELETED", "DEACTIVATED")

    def test_what_may_hold_other_fields_is_a_dictionary(self) -> None:
        headers: Mapping[str, Any] = get_type_hints(MODULES["upload"]["PresignedUpload"])
        assert headers["headers"] == dict[str, str]
