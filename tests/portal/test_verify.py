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
from portal.samples import LANGUAGES
from proof.verify import as_json, is_incomplete, lines, look, verdicts

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
        media = answer.get("content", {}).get("application/json")
        if media is None:  # a feed, or nothing new
            answers.append({"status": int(status), "body": None})
            continue
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
        assert badge.samples == Count(len(LANGUAGES), len(LANGUAGES))
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


def claiming(contract: Contract, kind: str, what: str) -> Contract:
    effects = (SideEffect(kind, (what,), conditional=False),)
    return replace(contract, policies={LOGIN: replace(contract.policies[LOGIN], side_effects=effects)})


class TestCode:
    def test_has_what_the_contract_names(self, contract: Contract) -> None:
        assert not any(look(contract).values())

    def test_a_handler_that_nobody_wrote(self, contract: Contract) -> None:
        lost = replace(contract.policies[LOGIN], operation_id="auth.logni")
        found = look(replace(contract, policies={"auth.logni": lost}))
        assert [(gap.kind, gap.what) for gap in found["auth.logni"]] == [("handler", "auth.logni")]

    @pytest.mark.parametrize(("kind", "what", "gap"), [("write", "purses", "table"), ("job", "email.nothing", "topic")])
    def test_an_effect_that_is_none(self, contract: Contract, kind: str, what: str, gap: str) -> None:
        (found,) = look(claiming(contract, kind, what))[LOGIN]
        assert (found.kind, found.what) == (gap, what)
