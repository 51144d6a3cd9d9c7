"""The loader: what it adds to the hand-written files, and every typo that it must not let through."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import orjson
import pytest
from openapi_spec_validator import OpenAPIV30SpecValidator
from openapi_spec_validator.readers import read_from_filename

from contract.bounds import BODY_LIMIT, LARGEST, LARGEST_OF_STAFF, SMALLEST
from contract.loader import METHODS, OPENAPI, ROOT, Contract, load, read_yaml, require_valid
from contract.policy import LARGE_BODY, ContractError
from contract.schemas import SchemaCompiler
from domain.config_keys import Rate
from runtime.web.dispatch import declared, find_handler
from tests.extended.guarding.kit import sampled as guarded
from tests.harness import Server
from tests.runtime.web.wire import JSON

PACKAGES = (
    "contract",
    "domain",
    "handlers",
    "jobs",
    "locales",
    "openapi",
    "persistence",
    "proof",
    "providers",
    "runtime",
    "services",
)
START = (
    "from runtime.web.app import Application; from runtime.settings import Settings; Application(Settings(), '{url}')"
)
SECONDS = 60

AUTH = "paths/auth.yaml"
COMMON, SCHEMAS = "schemas/common.yaml", "schemas/auth.yaml"
TEXT = "{type: string, maxLength: 512,"  # of the refresh token
EDITS = {
    "an unknown extension": (
        AUTH, "x-biore-captcha: {former", "x-biore-capcha: {former",
        "unknown extension"),
    "no rate limit": (AUTH, "    x-biore-rate-limit: 10/hour\n", "", "missing ['x-biore-rate-limit']"),
    "an empty rate limit": (AUTH, "x-biore-rate-limit: 10/hour", "x-biore-rate-limit:", "x-biore-rate-limit"),
    "a number for a rate limit": (AUTH, "x-biore-rate-limit: 10/hour", "x-biore-rate-limit: 10", "x-biore-rate-limit"),
    "no rate": (AUTH, "x-biore-rate-limit: 10/hour", "x-biore-rate-limit: 10/fortnight", "is not a rate"),
    "a rate of nothing": (AUTH, "x-biore-rate-limit: 10/hour", "x-biore-rate-limit: 0/hour", "is not a rate"),
    "no page": (AUTH, "    x-biore-page: auth/login\n", "", "missing ['x-biore-page']"),
    "a page that is no address": (AUTH, "x-biore-page: auth/login", "x-biore-page: /auth/Login", "<module>/<slug>"),
    "a page that stands twice": (AUTH, "x-biore-page: auth/logout", "x-biore-page: auth/login", "belongs to"),
    "no errors": (AUTH, "    x-biore-errors: []\n", "", "missing ['x-biore-errors']"),
    "an unknown error code": (AUTH, "- auth.register.invalid_email", "- auth.register.invalid_mail", "invalid_mail"),
    "an unknown error of a kill switch": (AUTH, "error: auth.register.closed", "error: auth.closed", "auth.closed"),
    "a code that may pass": ("errors/common.yaml", "  retry_after: true", "  retry_after: no", "retry_after of"),
    "a code that stands twice": ("errors/dev.yaml", "dev.host_refused:", "auth.forbidden:", "stands in another file"),
    "an unknown kill switch": (AUTH, "{key: platform.registration_enabled,", "{key: platform.on,", "platform.on"),
    "a kill switch that is no switch": (
        AUTH, "{key: platform.registration_enabled,",
        "{key: auth.salt_rounds,", "domain/switches.py"),
    "half a kill switch": (AUTH, "{key: platform.registration_enabled, error:", "{code:", "takes key and error"),
    "a captcha that is neither on nor off": (
        "paths/auth/otp.yaml", "x-biore-captcha: true", "x-biore-captcha: yes",
        "x-biore-captcha must be"),
    "a captcha of the anonymous where nobody else calls": (
        AUTH, "x-biore-captcha: {former: turnstileToken}", "x-biore-captcha: anonymous",
        "is for operations that look at a token"),
    "an idempotency of another kind": (
        AUTH, "x-biore-idempotency: true", "x-biore-idempotency: on",
        "x-biore-idempotency"),
    "an account status of another kind": (AUTH, "account-status: any", "account-status: all", "x-biore-account-status"),
    "development tools whose token may be guessed": (
        "paths/dev.yaml", "x-biore-rate-limit: 60/min",
        "x-biore-rate-limit: none", "could be guessed"),
    "a freshness of another kind": (
        "paths/users.yaml", "x-biore-fresh: password",
        "x-biore-fresh: always", "x-biore-fresh must be"),
    "a case of freshness without words": (
        "paths/auth/otp.yaml", "x-biore-fresh: {when: the purpose is",
        "x-biore-fresh: {if: the purpose is", "x-biore-fresh takes"),
    "freshness where nobody signs in": (
        AUTH, "    x-biore-page: auth/login\n",
        "    x-biore-page: auth/login\n    x-biore-fresh: true\n", "ask for a token"),
    "a proof in a body that there is not": (
        "paths/auth/sessions.yaml", "x-biore-fresh: true",
        "x-biore-fresh: body", "there is none"),
    "credentials that a stolen token may change in most cases": (
        "paths/auth/sessions.yaml", "x-biore-fresh: true",
        "x-biore-fresh: {when: it is late}", "writes ['email_changes', 'sessions']"),
    "a password in a body that there is not": (
        "paths/auth/sessions.yaml", "x-biore-fresh: true",
        "x-biore-fresh: password", "password is in the body, but there is none"),
    "credentials that a stolen token may change": (
        "paths/auth/oauth.yaml", "    x-biore-fresh: true\n",
        "", "'credential_changes']: x-biore-fresh must be"),
    "credentials that are said to be none": (
        "paths/gdpr.yaml", "x-biore-fresh: true",
        "x-biore-fresh: false", "writes ['gdpr_requests']"),
    "an account that is written without saying what of it": (
        "paths/users/settings.yaml", "    x-biore-fresh: false\n",
        "", "must say whether"),
    "an unknown scope": (AUTH, "x-biore-scope: public", "x-biore-scope: everybody", "x-biore-scope"),
    "a scope that security forgets": (
        "paths/auth/otp.yaml", "x-biore-scope: public", "x-biore-scope: user",
        "security must be"),
    "security of another scope": (
        "paths/auth/otp.yaml", "    security: [{bearerAuth: []}, {}]", "    security: [{devToken: []}, {}]",
        "security must be"),
    "security that follows from the scope": (
        "paths/auth/otp.yaml", "    security: [{bearerAuth: []}, {}]", "    security: []",
        "security follows by itself"),
    "a section by hand": (
        AUTH, "    summary: Login\n", "    tags: [auth]\n    summary: Login\n",
        "tags follows by itself"),
    "a query key that follows from the path": (
        AUTH, "{staleTime: 300}", "{queryKey: [auth, me]}",
        "queryKey follows by itself"),
    "hints of another kind": (AUTH, "{staleTime: 300}", "[auth, me]", "x-biore-client takes queryKey and staleTime"),
    "a code that follows from the policy": (
        AUTH, "- auth.register.invalid_email", "- captcha.invalid",
        "['captcha.invalid'] follow by themselves"),
    "a field of the captcha by hand": (
        SCHEMAS, "  properties:\n    email:", "  properties:\n    captchaToken: {type: boolean}\n    email:",
        "RegisterRequest: ['captchaToken'] come with x-biore-captcha"),
    "a captcha of another kind": (
        AUTH, "x-biore-captcha: {former: turnstileToken}", "x-biore-captcha: {later: turnstileToken}",
        "x-biore-captcha must be"),
    "a captcha without a body": (
        AUTH, "    x-biore-page: auth/me\n", "    x-biore-page: auth/me\n    x-biore-captcha: true\n",
        "needs a body that is a named schema"),
    "a body with a captcha and without": (
        AUTH, "schemas/auth.yaml#/VerifyEmailRequest", "schemas/auth.yaml#/LoginRequest",
        "its body is also one with another captcha"),
    "an effect of unknown kind": (AUTH, "kind: audit", "kind: log", "incomplete"),
    "an effect without words": (AUTH, ", text: Recorded once per verification.", "", "incomplete"),
    "an effect with an unknown key": (AUTH, "when: reuse is detected", "iff: reuse is detected", "unknown keys"),
    "an operationId that stands twice": (AUTH, "operationId: auth.logout", "operationId: auth.login", "stands twice"),
    "no operationId": (AUTH, "    operationId: auth.logout\n", "", "operationId"),
    "a key that stands twice": (AUTH, "  post:\n", "  post:\n    summary: Twice\n", "'summary' stands twice"),
    "broken YAML": (AUTH, "register:", "register: {", "auth.yaml"),
    "a reference to no schema": (AUTH, "#/RegisterRequest", "#/RegisterRequests", "leads nowhere"),
    "a reference to no file": (
        AUTH, "schemas/auth.yaml#/RegisterRequest",
        "schemas/oauth.yaml#/RegisterRequest", "oauth.yaml"),
    "a path that leads nowhere": ("biore.yaml", "auth.yaml#/register", "auth.yaml#/registers", "leads nowhere"),
    "files without a limit": ("biore.yaml", "x-biore-rate-limit: 120/min", "x-limit: 120/min", "x-biore-files"),
    "webhooks without a bound": ("biore.yaml", "x-biore-body-limit: 262144", "x-limit: 262144", "x-biore-webhooks"),
    "webhooks with an unknown code": (
        "biore.yaml", "- webhook.signature_invalid", "- webhook.signature",
        "x-biore-webhooks: error codes ['webhook.signature']"),
    "files with a limit that is none": ("biore.yaml", "limit: 120/min", "limit: none", "x-biore-files"),
    "a path that is written out": ("biore.yaml", "$ref: paths/auth.yaml#/register", "get: {}", "must be one $ref"),
    "an unknown extension of a schema": (
        "schemas/common.yaml", "x-biore-normalize:", "x-biore-normalise:",
        "x-biore-normalise"),
    "a cleaned text of any length": (
        COMMON, "  maxLength: 254\n",
        "", "EmailAddress: a text that is cleaned needs maxLength"),
    "a text of any length": (
        SCHEMAS, TEXT,
        "{type: string,", "/auth/refresh: body: refreshToken: a text needs maxLength"),
    "a text of a format without a length": (
        SCHEMAS, TEXT,
        "{type: string, format: date-time,", "a text needs maxLength"),
    "a parameter of any length": (
        "paths/auth/reactivation.yaml", "{type: string, minLength: 1, maxLength: 128}",
        "{type: string, minLength: 1}", "parameter token: a text needs maxLength"),
    "a header of any length": (
        "paths/users.yaml", "{type: string, maxLength: 128}",
        "{type: string}", "parameter X-Reactivate-Token: a text needs maxLength"),
    "a list of any length": (SCHEMAS, TEXT, "{type: array, items: {type: boolean},", "a list needs maxItems"),
    "a list of texts of any length": (
        SCHEMAS, TEXT,
        "{type: array, maxItems: 2, items: {type: string},", "items: a text needs maxLength"),
    "an object of any fields": (
        SCHEMAS, "RefreshRequest:\n  type: object\n  additionalProperties: false\n",
        "RefreshRequest:\n  type: object\n", "an object needs additionalProperties: false"),
    "a map": (
        SCHEMAS, TEXT,
        "{type: object, additionalProperties: {type: boolean},", "needs additionalProperties: false"),
    "a value of any type": (SCHEMAS, TEXT, "{", "a value without a type has no bound"),
    "a body that holds itself": (
        SCHEMAS, "RefreshRequest:\n", "RefreshRequest: {$ref: '#/Loop'}\n"
        "Loop: {type: object, additionalProperties: false, properties: {a: {$ref: '#/Loop', description: Itself.}}}\n"
        "Former:\n", "a schema that holds itself has no bound"),
    "a body that is too large": (SCHEMAS, TEXT, "{type: string, maxLength: 30000,", "are more than 262144"),
    "a body limit by hand": (
        AUTH, "    x-biore-page: auth/login\n",
        "    x-biore-page: auth/login\n    x-biore-body-limit: 9\n", "x-biore-body-limit must be 16384 to 262144"),
    "a password in any form of text": (
        "schemas/auth.yaml", "maxLength: 1024, x-biore-normalize: [nfc]", "maxLength: 1024", "[nfc]"),
    "a success without a name": (AUTH, "{$ref: ../schemas/auth.yaml#/Registration}", "{type: object}", "named schema"),
    "one name for two schemas": (
        "schemas/users.yaml", "UserProfile:",
        "Message: {type: string}\nUserProfile:", "Message"),
}  # fmt: skip


def edited(tmp_path: Path, file: str, old: str, new: str) -> Path:
    """A copy of the contract in which the first ``old`` of one file is ``new``."""
    folder = shutil.copytree(OPENAPI, tmp_path / "openapi")
    text = (folder / file).read_text(encoding="utf-8")
    assert old in text
    (folder / file).write_text(text.replace(old, new, 1), encoding="utf-8")
    return folder


@cache
def as_written() -> dict[bytes, bytes]:
    """Of each file of ours what stands in it, and that as JSON, which is read twenty times as fast."""
    return {file.read_bytes(): orjson.dumps(read_yaml(file)) for file in OPENAPI.rglob("*.yaml")}


def read(file: Path) -> Any:
    """As the loader reads by itself; what was not edited is not parsed again."""
    known = as_written().get(file.read_bytes()) if file.is_file() else None
    return read_yaml(file) if known is None else orjson.loads(known)


class TestTypos:
    @pytest.mark.parametrize(("file", "old", "new", "words"), EDITS.values(), ids=EDITS)
    def test_are_refused(self, tmp_path: Path, file: str, old: str, new: str, words: str) -> None:
        folder = edited(tmp_path, file, old, new)
        if words == "Message":  # the other one must be meant by somebody
            users = folder / "paths" / "users.yaml"
            users.write_text(users.read_text().replace("users.yaml#/UserProfile", "users.yaml#/Message"))
        with pytest.raises(ContractError) as refusal:
            load(folder, read)
        assert words in str(refusal.value)

    def test_an_unedited_copy_is_accepted(self, tmp_path: Path) -> None:
        assert load(edited(tmp_path, AUTH, "Login", "Login"), read).document == load().document

    def test_none_is_written_out(self, tmp_path: Path) -> None:
        folder = edited(tmp_path, AUTH, "x-biore-rate-limit: 10/hour", "x-biore-rate-limit: none")
        assert load(folder, read).policies["auth.register"].rate is None
        assert load().policies["auth.register"].rate == Rate(10, 3600)

    def test_openapi_itself_is_checked(self, tmp_path: Path) -> None:
        with pytest.raises(ContractError):
            require_valid(load(edited(tmp_path, AUTH, "    summary: Logout\n", "    summary: [1]\n"), read))


class TestMissingHandler:
    @pytest.mark.parametrize(
        ("file", "old", "new", "words"),
        [
            ("openapi/paths/auth.yaml", "operationId: auth.logout", "operationId: auth.log_out", "no handler"),
            (
                "handlers/auth/__init__.py",
                "async def me(principal",
                "async def me(body_guard: Any, principal",
                "body_guard",
            ),
        ],
    )
    def test_the_application_does_not_start(self, tmp_path: Path, file: str, old: str, new: str, words: str) -> None:
        for package in PACKAGES:
            shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
        text = (tmp_path / file).read_text()
        assert old in text
        (tmp_path / file).write_text(text.replace(old, new))
        started = self.start(tmp_path)
        assert started.returncode == 1
        assert words in started.stderr.splitlines()[-1]

    def start(self, folder: Path) -> subprocess.CompletedProcess[str]:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("BIORE_")}
        code = START.format(url="postgresql://nobody@127.0.0.1:1/nothing")
        return subprocess.run(
            [sys.executable, "-c", code],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )

    @pytest.mark.parametrize("operation_id", ["auth.nothing", "nothing.register", "register", "auth.rules.judge"])
    def test_names_the_file(self, operation_id: str) -> None:
        with pytest.raises(ContractError, match="no handler"):
            find_handler(operation_id)


class TestWhatTheContractHandsToAHandler:
    def test_is_the_bound_of_a_list(self, contract: Contract) -> None:
        assert declared(contract, "users.blocks.list", ["max_items"]) == {"max_items": 50}

    def test_is_missed_at_the_start_where_nothing_is_listed(self, contract: Contract) -> None:
        with pytest.raises(ContractError, match=r"auth.me: the handler asks for \['max_items'\]"):
            declared(contract, "auth.me", ["max_items"])


class TestYaml:
    def test_follows_version_1_2(self, tmp_path: Path) -> None:
        file = tmp_path / "words.yaml"
        file.write_text("a: [no, yes, on, off, NO, 2026-01-01, 12:30, '1', null, ~, true, -7, 1.5]\n200: x\nno: x\n")
        words = ["no", "yes", "on", "off", "NO", "2026-01-01", "12:30", "1", None, None, True, -7, 1.5]
        assert read_yaml(file) == {"a": words, "200": "x", "no": "x"}

    def test_a_norwegian_stays_one(self, tmp_path: Path) -> None:
        folder = edited(tmp_path, "schemas/common.yaml", "enum: [en,", "enum: [no, en,")
        assert "no" in load(folder).document["components"]["schemas"]["Locale"]["enum"]

    @pytest.mark.parametrize("text", ["a: 1\na: 2", "{a: 1, a: 2}", "x: {b: {a: 1, a: 2}}"])
    def test_refuses_a_key_that_stands_twice(self, tmp_path: Path, text: str) -> None:
        file = tmp_path / "twice.yaml"
        file.write_text(text)
        with pytest.raises(ContractError, match=r"twice\.yaml:\d+: 'a' stands twice"):
            read_yaml(file)

    def test_names_a_missing_file(self, tmp_path: Path) -> None:
        with pytest.raises(ContractError, match=r"gone\.yaml"):
            read_yaml(tmp_path / "gone.yaml")


def references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for value in node.values():
            yield from references(value)
    elif isinstance(node, list):
        for item in node:
            yield from references(item)


def at(document: Any, reference: str) -> Any:
    for step in reference.removeprefix("#/").split("/"):
        document = document[step]
    return document


class TestBundle:
    def test_is_self_contained(self, contract: Contract) -> None:
        for reference in references(contract.document):
            assert reference.startswith("#/components/")
            assert at(contract.document, reference)

    def test_components_keep_their_names(self, contract: Contract) -> None:
        for file in (OPENAPI / "schemas").glob("*.yaml"):
            for name, schema in read_yaml(file).items():
                if name not in ("parameters", "headers") and name in contract.document["components"]["schemas"]:
                    bundled = contract.document["components"]["schemas"][name]
                    assert bundled.keys() == schema.keys()
                    assert bundled.get("description") == schema.get("description")

    def test_every_hand_written_schema_is_used(self, contract: Contract) -> None:
        written = {name for file in (OPENAPI / "schemas").glob("*.yaml") for name in read_yaml(file)}
        followed = {"Cursor", "NextCursor"}  # which come with x-biore-cursor
        assert written - followed - {"parameters", "headers"} <= contract.document["components"]["schemas"].keys()

    def test_a_schema_may_refer_to_itself(self, tmp_path: Path) -> None:
        own = "message: {$ref: '#/Message', description: A message in the caller's language.}"
        folder = edited(
            tmp_path,
            "schemas/auth.yaml",
            "message: {type: string, description: A message in the caller's language.}",
            own,
        )
        schemas = load(folder).document["components"]["schemas"]
        assert schemas["Message"]["properties"]["message"] == {"$ref": "#/components/schemas/Message"}

    def test_an_independent_validator_agrees(self, contract: Contract) -> None:
        require_valid(contract)

    def test_foreign_tools_can_read_the_hand_written_root(self) -> None:
        document, base_uri = read_from_filename(str(OPENAPI / "biore.yaml"))
        assert [error.message for error in OpenAPIV30SpecValidator(document, base_uri=base_uri).iter_errors()] == []

    def test_all_paths_of_the_root_are_there(self, contract: Contract) -> None:
        paths = list(contract.document["paths"])
        assert sorted(paths) == sorted(read_yaml(OPENAPI / "biore.yaml")["paths"])
        assert paths == sorted(paths, key=lambda path: "{" in path), "a templated path would hide a concrete one"


class TestDist:
    def test_is_fresh(self, contract: Contract) -> None:
        assert (OPENAPI / "dist" / "openapi.yaml").read_bytes() == contract.as_yaml()
        assert (OPENAPI / "dist" / "openapi.json").read_bytes() == contract.as_json()

    def test_both_say_the_same(self) -> None:
        assert read_yaml(OPENAPI / "dist" / "openapi.yaml") == read_yaml(OPENAPI / "dist" / "openapi.json")

    def test_is_what_the_server_serves(self, server: Server, contract: Contract) -> None:
        with server.client() as api:
            served = {name: api.get(f"/openapi.{name}") for name in ("yaml", "json")}
        assert served["yaml"].content == contract.as_yaml()
        assert served["json"].content == contract.as_json()
        assert served["yaml"].headers["content-type"] == "application/yaml"
        assert served["json"].headers["content-type"] == "application/json"


OPERATIONS = sorted(load().policies)
of_each = pytest.mark.parametrize("name", OPERATIONS)


class TestExpansion:
    def refusals(self, contract: Contract, name: str) -> dict[str, Any]:
        """Status -> expanded error answer."""
        responses = contract.operation(name)["responses"]
        return {status: at(contract.document, r["$ref"]) for status, r in responses.items() if status >= "400"}

    @of_each
    def test_each_code_has_one_example_of_its_own(self, contract: Contract, name: str) -> None:
        found = {}
        for status, response in self.refusals(contract, name).items():
            for code, example in response["content"][JSON]["examples"].items():
                assert code not in found
                found[code] = example["value"]["error"]
                assert contract.policies[name].statuses[code] == int(status)
                assert found[code]["code"] == found[code]["i18nKey"] == code
                words = contract.errors[code]["message"].format(**contract.errors[code].get("vars", {}))
                assert found[code]["message"] == words
        assert found.keys() == contract.policies[name].codes

    @of_each
    def test_the_schema_lists_exactly_these_codes(self, contract: Contract, name: str) -> None:
        for response in self.refusals(contract, name).values():
            media = response["content"][JSON]
            compiler = SchemaCompiler(contract.document)
            error = compiler.resolved(compiler.resolved(media["schema"])["properties"]["error"])["properties"]
            for field in ("code", "i18nKey"):
                assert compiler.resolved(error[field])["enum"] == list(media["examples"])

    @of_each
    def test_every_example_fits_its_schema(self, contract: Contract, name: str) -> None:
        compiler = SchemaCompiler(contract.document)
        for response in contract.operation(name)["responses"].values():
            for media in compiler.resolved(response).get("content", {}).values():
                shown = media["examples"].values() if "examples" in media else [{"value": media["example"]}]
                assert all(compiler.validator(media["schema"]).violations(each["value"]) == [] for each in shown)

    @of_each
    def test_success_is_in_the_envelope(self, contract: Contract, name: str) -> None:
        (success,) = [r for status, r in contract.operation(name)["responses"].items() if status < "300"]
        if contract.policies[name].bare:
            return
        schema = at(contract.document, success["content"][JSON]["schema"]["$ref"])
        assert schema["required"] == ["success", "data"]
        assert success["content"][JSON]["example"]["success"] is True

    @of_each
    def test_headers_are_told(self, contract: Contract, name: str) -> None:
        policy = contract.policies[name]
        for status, response in contract.operation(name)["responses"].items():
            headers = SchemaCompiler(contract.document).resolved(response)["headers"].keys()
            assert "X-Correlation-Id" in headers
            passing = [code for code in policy.passing if str(policy.statuses[code]) == status]
            assert ("Retry-After" in headers) == bool(passing)
            assert ("WWW-Authenticate" in headers) == (status == "401")
            assert ("Allow" in headers) == (status == "405")
            if status < "300":
                assert ("RateLimit" in headers) == (policy.rate is not None)
                assert ("Idempotency-Replayed" in headers) == policy.idempotent

    def test_doors_beside_the_operations_have_limits(self, contract: Contract) -> None:
        assert set(contract.door_rates) == {"files.put", "files.get", "files.head", "webhooks.post"}
        assert contract.limited >= contract.policies.keys() | contract.door_rates.keys()

    def test_what_passes_by_itself_is_what_the_catalogue_says(self, contract: Contract) -> None:
        passing = {code for code, entry in contract.errors.items() if entry.get("retry_after")}
        assert passing >= {code for code, entry in contract.errors.items() if entry["status"] in (429, 503)}
        of_operations = set().union(*(policy.passing for policy in contract.policies.values()))
        assert of_operations | (contract.door_codes & passing) == passing
        assert contract.policies["auth.otp.send"].passing >= {"auth.otp.send.rate_limit", "rate_limit.exceeded"}

    @of_each
    def test_policy_implies_codes(self, contract: Contract, name: str) -> None:
        policy, operation = contract.policies[name], contract.operation(name)
        assert {"internal.error", "service.unavailable", "route.method_not_allowed"} <= policy.codes
        assert ("rate_limit.exceeded" in policy.codes) == (policy.rate is not None)
        assert ("captcha.required" in policy.codes) == bool(policy.captcha)
        assert ("idempotency.key_reused" in policy.codes) == policy.idempotent
        assert ("request.too_large" in policy.codes) == ("requestBody" in operation)
        looks_at_tokens = operation["security"] not in ([], [{"devToken": []}, {}])
        refuses = policy.scope != "public" or "auth.unauthenticated" in policy.own_codes
        assert ("auth.unauthenticated" in policy.codes) == refuses
        inactive = looks_at_tokens and not policy.any_account_status
        assert ("auth.account_suspended" in policy.codes) == inactive

    @of_each
    def test_a_body_has_a_limit(self, contract: Contract, name: str) -> None:
        operation = contract.operation(name)
        assert (BODY_LIMIT in operation) == ("requestBody" in operation)

    def test_most_bodies_have_16_kib(self, contract: Contract) -> None:
        limits = sorted(contract.operation(name).get(BODY_LIMIT, 0) for name in contract.policies)
        limits = [limit for limit in limits if limit]
        assert limits[len(limits) // 2] == limits[0] == SMALLEST
        large = [name for name in contract.policies if contract.operation(name).get(LARGE_BODY)]
        assert {contract.policies[name].scope for name in large} == {"admin"}
        assert max(contract.operation(name)[BODY_LIMIT] for name in large) <= LARGEST_OF_STAFF
        assert all(
            contract.operation(name).get(BODY_LIMIT, 0) <= LARGEST for name in contract.policies.keys() - {*large}
        )

    def test_operations_with_the_key_take_it(self, contract: Contract) -> None:
        for name, policy in contract.policies.items():
            parameters = [p.get("$ref", "") for p in contract.operation(name).get("parameters", ())]
            assert parameters.count("#/components/parameters/IdempotencyKey") == policy.idempotent

    def test_every_operation_has_a_policy(self, contract: Contract) -> None:
        found = [item[m]["operationId"] for item in contract.document["paths"].values() for m in METHODS if m in item]
        assert sorted(found) == sorted(contract.policies)

    def test_every_code_of_the_catalogue_is_used(self, contract: Contract) -> None:
        used = {code for policy in contract.policies.values() for code in policy.codes}
        of_creators = {"error.creator.not_found"}
        of_cursors = {"list.invalid_cursor"}
        used |= {code for policy in guarded().policies.values() for code in policy.codes}  # by what is not ours yet
        assert contract.errors.keys() - used - contract.door_codes <= of_creators | of_cursors | {"auth.forbidden"}
