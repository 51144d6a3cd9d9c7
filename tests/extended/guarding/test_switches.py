"""Kill switches: what each kind of key means, from the contract to the page."""

from collections.abc import Callable
from pathlib import Path

import html5lib
import pytest

from contract.loader import load
from contract.policy import ContractError
from contract.texts import Texts
from domain.config_keys import InvalidConfig
from domain.switches import SwitchKey, enabled_key, kill_switch_key
from portal.model import Site
from portal.render import Renderer
from portal.words import Words
from services.config.catalogue import CATALOGUE
from tests.extended.guarding.kit import ENABLED, OFF, ON, SWITCHED, THROWN, edited, sampled
from tests.harness import CHEAP, Server
from tests.portal.conftest import BUILT
from tests.runtime.web.wire import request

CALLS = ("switched", "enabled")
Start = Callable[..., Server]


def codes(server: Server) -> list[str | int]:
    answers = [request(server, "POST", f"/api/v1/samples/{name}", None, ()) for name in CALLS]
    return [answer.status if answer.status == 200 else answer.code for answer in answers]


class TestKeys:
    def test_enabled_refuses_while_false(self) -> None:
        assert [ENABLED.stops(value) for value in (True, False)] == [False, True]
        assert ENABLED.default is True

    def test_a_kill_switch_refuses_while_true_and_is_not_thrown_by_default(self) -> None:
        assert [THROWN.stops(value) for value in (True, False)] == [True, False]
        assert (THROWN.name, THROWN.default) == ("kill_switch.SAMPLE", False)

    @pytest.mark.parametrize("name", ["platform.registration", "kill.SAMPLE", "enabled.platform"])
    def test_the_name_says_which(self, name: str) -> None:
        with pytest.raises(InvalidConfig, match=r"kill_switch\.<NAME> or \*_enabled"):
            SwitchKey(name, True, "a switch without a meaning")

    @pytest.mark.parametrize("defaults", [{"default": True}, {"default": False, "production": True}])
    def test_none_is_thrown_by_default(self, defaults: dict[str, bool]) -> None:
        with pytest.raises(InvalidConfig, match="not thrown by default"):
            SwitchKey(name="kill_switch.SAMPLE", meaning="the sample", **defaults)

    @pytest.mark.parametrize("key", [enabled_key("a.b_enabled", "payouts"), kill_switch_key("B", "payouts")])
    def test_their_meaning_says_what_true_does(self, key: SwitchKey) -> None:
        of_true, of_false = key.meaning.removeprefix("payouts: ").split(", false")
        assert ["refuses" in of_true, "refuses" in of_false] == [key.stops(True), key.stops(False)]

    def test_every_key_that_is_named_like_one_is_one(self) -> None:
        named = [key for name, key in CATALOGUE.items() if name.startswith("kill_switch.")]
        assert [key for key in named if not isinstance(key, SwitchKey)] == []


class TestContract:
    def test_any_other_key_is_refused(self, tmp_path: Path) -> None:
        folder = edited(tmp_path, "paths/samples.yaml", "kill_switch.SAMPLE", "ratelimit.enabled")
        with pytest.raises(ContractError, match=r"POST /samples/switched.*domain/switches\.py"):
            load(folder, switches=SWITCHED)


class TestServer:
    def test_runs_and_refuses_by_the_value_of_each(self, start_server: Start) -> None:
        on = start_server(contract=sampled(), defaults=CHEAP | ON)
        assert codes(on) == [200, 200]
        off = start_server(contract=sampled(), defaults=CHEAP | OFF)
        assert codes(off) == ["samples.closed", "samples.closed"]
        crossed = start_server(contract=sampled(), defaults=CHEAP | {THROWN.name: True, ENABLED.name: True})
        assert codes(crossed) == ["samples.closed", 200]


class TestPages:
    def test_are_built_with_the_sentence_of_each_in_every_language(self, site: Site, built: Path) -> None:
        texts = Texts(site.contract.errors)
        for locale in BUILT:
            words = Words(locale, texts)
            for name, kind, key in (("switched", "Thrown", THROWN), ("enabled", "Text", ENABLED)):
                page = built / ("" if locale == "en" else locale) / "docs" / "samples" / name / "index.html"
                told = html5lib.parse(page.read_text(), namespaceHTMLElements=False).itertext()
                wanted = words.plain(f"facts.killSwitch{kind}", key=key.name, code="samples.closed", status=503)
                assert wanted.replace("`", "") in " ".join("".join(told).split())

    def test_say_so_in_markdown(self, built: Path) -> None:
        told = (built / "docs" / "samples" / "switched.md").read_text()
        assert "`kill_switch.SAMPLE`; while it is `true`, the response is `samples.closed` (503)" in told
        told = (built / "docs" / "samples" / "enabled.md").read_text()
        assert "`samples.switched_enabled`; while it is off, the response is `samples.closed` (503)" in told

    @pytest.mark.parametrize("locale", BUILT)
    def test_say_what_true_means_in_every_language(self, site: Site, locale: str) -> None:
        words = Words(locale, Texts(site.contract.errors))
        renderer = Renderer(site, words, {}, {})
        told = [renderer.bounds(key) for key in (ENABLED, THROWN)]
        assert told[0] != told[1]
        assert all("true" in text and "false" in text for text in told)
        sentences = {words.plain(f"facts.killSwitch{kind}", key="k", code="c", status=1) for kind in ("Text", "Thrown")}
        assert len(sentences) == 2
