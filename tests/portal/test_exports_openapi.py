"""The enriched contract is the contract, and says more."""

import orjson
import pytest

from contract.loader import Contract, require_valid
from portal.exports.enriched import LINGUIST, enriched
from portal.samples import LANGUAGES
from tests.portal.sites import IDS, OPERATIONS, ORIGIN, SITE

ADDED = {"description", "x-badges", "x-codeSamples"}


@pytest.fixture(scope="module")
def made() -> Contract:
    return enriched(SITE, ORIGIN)


def test_it_is_valid_openapi(made: Contract) -> None:
    require_valid(made)


def test_it_adds_and_changes_nothing_else(made: Contract) -> None:
    plain = SITE.contract.document
    assert {key: made.document[key] for key in made.document if key not in ("paths", "servers", "x-tagGroups")} == {
        key: plain[key] for key in plain if key not in ("paths", "servers", "x-tagGroups")
    }
    for operation_id in IDS:
        ours, theirs = SITE.contract.operation(operation_id), made.operation(operation_id)
        assert {key: theirs[key] for key in theirs if key not in ADDED} == {k: ours[k] for k in ours if k not in ADDED}
        assert theirs["description"].startswith(ours.get("description", "").rstrip())


@pytest.mark.parametrize("operation_id", IDS)
class TestEvery:
    def test_has_all_samples(self, made: Contract, operation_id: str) -> None:
        found = made.operation(operation_id)["x-codeSamples"]
        assert [sample["label"] for sample in found] == [language.TITLE for language in LANGUAGES.values()]
        assert [sample["lang"] for sample in found] == [LINGUIST[key] for key in LANGUAGES]
        assert all(ORIGIN in sample["source"] for sample in found)

    def test_tells_its_own_errors_and_its_effects(self, made: Contract, operation_id: str) -> None:
        operation = OPERATIONS[operation_id]
        text = made.operation(operation_id)["description"]
        for refusal in operation.refusals:
            assert (f"- {refusal.status} `{refusal.code}`: " in text) == refusal.own
        assert all(effect.text in text for effect in operation.effects)

    def test_wears_its_scope_and_limit(self, made: Contract, operation_id: str) -> None:
        names = [badge["name"] for badge in made.operation(operation_id)["x-badges"]]
        policy = OPERATIONS[operation_id].policy
        assert names[0] == policy.scope
        assert ("captcha" in names) == bool(policy.captcha)
        assert (OPERATIONS[operation_id].document["x-biore-rate-limit"] in names) == bool(policy.rate)


def test_every_tag_is_in_one_group(made: Contract) -> None:
    grouped = [tag for group in made.document["x-tagGroups"] for tag in group["tags"]]
    assert sorted(grouped) == sorted(tag["name"] for tag in made.document["tags"])


def test_the_contract_itself_is_untouched(made: Contract) -> None:
    assert "x-codeSamples" not in SITE.contract.operation("auth.login")
    assert orjson.loads(made.as_json()) == made.document
