"""``biore portal verify`` believes the truth, and finds a planted lie of each kind."""

import copy
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from contract.loader import Contract
from contract.policy import Policy, SideEffect
from contract.texts import Texts
from portal.evidence import SAMPLES, Badge, Count, Evidence, Gap, deviations
from proof.examine import System, ask, examine, mutations, unbound
from proof.verify import as_json, is_incomplete, lines, verdicts
from tests.conftest import Databases

LOGIN = "auth.login"
NEIGHBOURS = ("auth.register", "auth.two_factor.setup", "users.profile")
TREE = "5eed"
Json = dict[str, Any]


def truth(contract: Contract) -> Json:
    """Evidence that every operation does what its documents say: they are what was seen."""
    return {
        "format": 1,
        "tree": TREE,
        "commit": "0123456789ab",
        "changed": False,
        "date": "2026-01-01T00:00:00+00:00",
        "failures": [],
        "operations": {name: _proof(contract, policy) for name, policy in contract.policies.items()},
    }


def _proof(contract: Contract, policy: Policy) -> Json:
    answers = []
    for status, answer in contract.operation(policy.operation_id)["responses"].items():
        if "$ref" in answer:
            answer = contract.document["components"]["responses"][answer["$ref"].rpartition("/")[2]]
        media = answer["content"]["application/json"]
        shown = [each["value"] for each in media["examples"].values()] if "examples" in media else [media["example"]]
        answers += [{"status": int(status), "body": copy.deepcopy(body)} for body in shown]
    effects = [f"{effect.kind}:{what}" for effect in policy.side_effects for what in effect.what]
    kinds = {effect.kind for effect in policy.side_effects}
    effects += ["write:outbox"] * ("job" in kinds) + ["write:audit_logs"] * ("audit" in kinds)
    return {"answers": answers, "effects": effects, "samples": dict.fromkeys(SAMPLES, "parsed")}


@pytest.fixture(scope="module")
def few(contract: Contract) -> Contract:
    """Login and some others: enough to be lied about."""
    return replace(contract, policies={name: contract.policies[name] for name in (LOGIN, *NEIGHBOURS)})


@pytest.fixture
def content(few: Contract) -> Json:
    return truth(few)


@pytest.fixture
def login(content: Json) -> Json:
    found: Json = content["operations"][LOGIN]
    return found


def badges(contract: Contract, content: Json, tree: str = TREE) -> dict[str, Badge]:
    return verdicts(contract, Evidence.read(content, tree), {})


def gaps(contract: Contract, content: Json, tree: str = TREE) -> set[tuple[str, str]]:
    """Of login; that nobody else has any is part of it."""
    found = badges(contract, content, tree)
    assert all(badge.verified for name, badge in found.items() if name != LOGIN)
    assert not found[LOGIN].verified
    return {(gap.kind, gap.what) for gap in found[LOGIN].gaps}


def refusal(login: Json, code: str) -> Json:
    """The recorded answer with the code."""
    found: Json = next(answer for answer in login["answers"] if answer["body"].get("error", {}).get("code") == code)
    return found


class TestTruth:
    def test_is_believed(self, contract: Contract) -> None:
        content = truth(contract)
        found = badges(contract, content)
        assert {name for name, badge in found.items() if not badge.verified} == set()
        badge, policy = found[LOGIN], contract.policies[LOGIN]
        assert badge.codes == Count(len(policy.codes), len(policy.codes))
        assert badge.samples == Count(8, 8)
        assert badge.effects.proven == badge.effects.total > 5
        assert (badge.commit, badge.date) == ("0123456789ab", "2026-01-01T00:00:00+00:00")
        assert not is_incomplete(found, Evidence.read(content, TREE))

    def test_is_kept_in_the_evidence_and_read_again(self, few: Contract, content: Json) -> None:
        content["operations"][LOGIN]["samples"].pop("go")
        found = badges(few, content)
        kept = Evidence.read(content | {"verdicts": as_json(found)}, TREE)
        assert {name: kept.badge(name) for name in few.policies} == found
        assert kept.badge(LOGIN).gaps == (Gap("sample", "go", "never tried"),)

    def test_is_told_by_line(self, few: Contract, content: Json) -> None:
        told = list(lines(badges(few, content)))
        assert len(told) == len(few.policies) + 1
        assert told[-1] == f"{len(few.policies)} of {len(few.policies)} operations are proven."


class TestLies:
    """Each changes what was seen of login, which is the same as a page that says something else."""

    def test_a_code_that_nobody_gets(self, few: Contract, content: Json, login: Json) -> None:
        login["answers"].remove(refusal(login, "auth.login.account_locked"))
        assert gaps(few, content) == {("code", "auth.login.account_locked")}
        badge = badges(few, content)[LOGIN]
        assert badge.codes.proven == badge.codes.total - 1
        assert any("documented, never answered" in line for line in lines(badges(few, content)))

    def test_a_code_that_is_not_documented(self, few: Contract, content: Json, login: Json) -> None:
        other = next(a for a in content["operations"]["auth.register"]["answers"] if a["status"] == 409)
        login["answers"].append(other)
        assert gaps(few, content) == {("code", other["body"]["error"]["code"])}

    def test_another_status(self, few: Contract, content: Json, login: Json) -> None:
        refusal(login, "auth.login.email_not_verified")["status"] = 401
        assert gaps(few, content) == {("code", "auth.login.email_not_verified")}

    def test_other_words(self, few: Contract, content: Json, login: Json) -> None:
        refusal(login, "internal.error")["body"]["error"]["message"] = "Oops."
        assert gaps(few, content) == {("message", "internal.error")}

    def test_words_of_another_language_alone(self, few: Contract, content: Json, login: Json) -> None:
        english = copy.deepcopy(refusal(login, "captcha.required"))
        said = refusal(login, "captcha.required")["body"]["error"]
        said["message"] = Texts(few.errors).say("de", "errors", "captcha.required")
        assert gaps(few, content) == {("message", "captcha.required")}
        login["answers"].append(english)
        assert badges(few, content)[LOGIN].verified

    def test_a_success_that_nobody_gets(self, few: Contract, content: Json, login: Json) -> None:
        login["answers"] = [answer for answer in login["answers"] if answer["status"] != 200]
        assert gaps(few, content) == {("answer", "200")}

    def test_an_answer_against_its_schema(self, few: Contract, content: Json, login: Json) -> None:
        success = next(answer for answer in login["answers"] if answer["status"] == 200)
        login["answers"].append({"status": 200, "body": {"success": True, "data": {"accessToken": 1}}})
        assert gaps(few, content) == {("answer", "200")}
        assert success["body"]["data"]["expiresIn"] == 900

    def test_an_example_of_another_shape(self, few: Contract, content: Json, login: Json) -> None:
        success = next(answer for answer in login["answers"] if answer["status"] == 200)
        token = "0f8fad5b-d9cb-469f-a165-70867728950e"
        success["body"]["data"] = {"requiresTwoFactor": True, "tempToken": token}  # true to the schema, too
        assert gaps(few, content) == {("example", "200")}
        (gap,) = badges(few, content)[LOGIN].gaps
        assert token in gap.detail
        assert '"expiresIn":900' in gap.detail

    def test_an_example_of_an_error_of_another_shape(self, few: Contract, content: Json, login: Json) -> None:
        del refusal(login, "validation.failed")["body"]["error"]["details"]
        assert gaps(few, content) == {("example", "validation.failed")}

    def test_an_effect_that_is_not_documented(self, few: Contract, content: Json, login: Json) -> None:
        login["effects"].append("write:wallets")
        assert gaps(few, content) == {("effect", "write:wallets")}

    def test_an_effect_that_nobody_sees(self, few: Contract, content: Json, login: Json) -> None:
        login["effects"].remove("audit:auth.login.failure")
        assert gaps(few, content) == {("effect", "audit:auth.login.failure")}

    def test_a_sample_that_nobody_tries(self, few: Contract, content: Json, login: Json) -> None:
        del login["samples"]["curl"]
        assert gaps(few, content) == {("sample", "curl")}
        assert is_incomplete(badges(few, content), Evidence.read(content, TREE))


class TestEvidence:
    @pytest.mark.parametrize(
        ("change", "tree", "what"),
        [
            (lambda content: content.clear(), TREE, "absent"),
            (lambda content: content.update(format=0), TREE, "absent"),
            (lambda content: None, "another", "stale"),
            (lambda content: content.update(failures=["tests/x.py::test_y"]), TREE, "failed"),
        ],
    )
    def test_that_proves_nothing(
        self, few: Contract, content: Json, change: Callable[[Json], None], tree: str, what: str
    ) -> None:
        change(content)
        found = badges(few, content, tree)
        for badge in found.values():
            assert not badge.verified
            assert ("evidence", what) in {(gap.kind, gap.what) for gap in badge.gaps}
        assert is_incomplete(found, Evidence.read(content, tree)) is (what != "failed")

    def test_without_a_verdict_shows_as_unverified(self, content: Json) -> None:
        assert Evidence.read(content).badge(LOGIN) == Badge(False, gaps=(Gap("evidence", "absent"),))

    def test_of_another_state_shows_as_unverified(self, few: Contract, content: Json) -> None:
        content["verdicts"] = as_json(badges(few, content))
        assert Evidence.read(content, TREE).badge(LOGIN).verified
        shown = Evidence.read(content, "another").badge(LOGIN)
        assert (shown.verified, shown.gaps) == (False, (Gap("evidence", "stale"),))
        assert shown.commit == "0123456789ab"


class TestShapes:
    @pytest.mark.parametrize(
        ("documented", "live", "told"),
        [
            ({"a": 1}, [{"a": 2}], ()),
            ({"a": "x"}, [{"a": None}, {"a": "y"}], ()),
            ({"a": "x"}, [{"a": None}], ("a: documented string, live null",)),
            ({"a": None}, [{"a": "x"}], ("a: documented null, live string",)),
            ({"a": [{"b": 1}]}, [{"a": []}, {"a": [{"b": 7}, {"b": 8}]}], ()),
            ({"a": "1"}, [{"a": 1}], ("a: documented string, live integer",)),
            ({"a": 1.5}, [{"a": 1}], ("a: documented number, live integer",)),
            ({"a": 1}, [{"a": 1, "b": 2}], ("the whole: documented object {a}, live object {a, b}",)),
            ({"a": [1]}, [{"a": []}], ("a[]: documented integer, live nothing",)),
        ],
    )
    def test_are_told_apart(self, documented: Any, live: list[Any], told: tuple[str, ...]) -> None:
        assert deviations(documented, tuple(live)) == told


@pytest.fixture(scope="module")
def system(databases: Databases) -> System:
    return ask(databases.migrated())


def found(contract: Contract, system: System) -> set[tuple[str, str, str]]:
    return {(name, gap.kind, gap.what) for name, gaps in examine(contract, system).items() for gap in gaps}


def claiming(contract: Contract, **changes: Any) -> Contract:
    policy = replace(contract.policies[LOGIN], **changes)
    return replace(contract, policies={LOGIN: policy})


class TestSystem:
    def test_does_what_it_publishes(self, contract: Contract, system: System) -> None:
        assert found(contract, system) == set()

    def test_a_handler_that_nobody_wrote(self, contract: Contract) -> None:
        lying = replace(contract, policies={"auth.logni": contract.policies[LOGIN]})
        assert [(gap.kind, gap.what) for gap in unbound(lying)["auth.logni"]] == [("handler", "auth.logni")]
        assert unbound(contract) == {}

    def test_a_handler_that_is_not_bound(self, contract: Contract, system: System) -> None:
        wired = {name: operation for name, operation in system.wired.items() if name != LOGIN}
        assert found(contract, replace(system, wired=wired)) == {(LOGIN, "handler", LOGIN)}

    def test_a_table_that_does_not_exist(self, contract: Contract, system: System) -> None:
        lying = claiming(contract, side_effects=(SideEffect("write", ("wallets",), conditional=False),))
        assert found(lying, system) == {(LOGIN, "table", "wallets")}

    def test_a_column_that_does_not_exist(self, contract: Contract, system: System) -> None:
        columns = {**system.columns, "login_attempts": system.columns["login_attempts"] - {"failures"}}
        assert found(claiming(contract), replace(system, columns=columns)) == {
            (LOGIN, "table", "login_attempts.failures")
        }

    def test_a_topic_without_a_job(self, contract: Contract, system: System) -> None:
        lying = claiming(contract, side_effects=(SideEffect("job", ("email.nothing",), conditional=False),))
        assert found(lying, system) == {(LOGIN, "topic", "email.nothing")}

    @pytest.mark.parametrize(
        ("operation_id", "edit", "what"),
        [
            (LOGIN, lambda d: _property(d, "LoginRequest", "password").update(maxLength=1023), "body"),
            (LOGIN, lambda d: d["components"]["schemas"]["LoginRequest"]["required"].remove("password"), "body"),
            (LOGIN, lambda d: d["components"]["schemas"]["EmailAddress"].pop("x-biore-normalize"), "body"),
            (LOGIN, lambda d: _property(d, "AccessToken", "expiresIn").update(maximum=899), "200"),
            ("dev.mailbox", lambda d: _parameters(d, "/dev/mailbox")[0]["schema"].update(maxLength=9), "to"),
            ("dev.mailbox", lambda d: _parameters(d, "/dev/mailbox")[0].update(required=True), "to"),
            ("dev.mailbox", lambda d: _parameters(d, "/dev/mailbox").clear(), "parameters"),
        ],
    )
    def test_a_published_rule_that_nobody_enforces(
        self, contract: Contract, system: System, operation_id: str, edit: Callable[[Json], None], what: str
    ) -> None:
        served = copy.deepcopy(dict(system.served))
        edit(served)
        lying = replace(contract, policies={operation_id: contract.policies[operation_id]})
        assert found(lying, replace(system, served=served)) == {(operation_id, "schema", what)}


def _property(document: Json, schema: str, name: str) -> Json:
    found: Json = document["components"]["schemas"][schema]["properties"][name]
    return found


def _parameters(document: Json, path: str) -> list[Json]:
    found: list[Json] = document["paths"][path]["get"]["parameters"]
    return found


class TestMutations:
    def test_reach_into_what_is_nested(self) -> None:
        made = list(mutations({"a": [{"b": "x"}]}))
        assert {} in made
        assert {"a": [{"b": "x"}], "unheardOf": 1} in made
        assert {"a": [{}]} in made
        assert {"a": [{"b": "x\n"}]} in made
