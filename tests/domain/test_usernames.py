from datetime import UTC, datetime, timedelta

import pytest

from domain.errors import ApiError
from domain.users.usernames import (
    FORM,
    is_made_of,
    is_name,
    passes_for_us,
    readings,
    require_no_path,
    require_rested,
    skeleton,
    words_within,
)

NOW = datetime(2026, 1, 31, tzinfo=UTC)


class TestForm:
    @pytest.mark.parametrize("name", ["ada", "a.d-a_7", "0"])
    def test_plain_letters_fit(self, name: str) -> None:
        assert FORM.fullmatch(name)

    @pytest.mark.parametrize("name", ["Ada", "ada\n", "аda", "ada ", "ad\u200ba", "ádá", "a/b", "a%62"])  # noqa: RUF001
    def test_nothing_else_does(self, name: str) -> None:
        assert not FORM.fullmatch(name)


class TestNames:
    @pytest.mark.parametrize("name", ["ada", "a.d-a_7", "0", "_ada_", "-ada-", "ada.me", "bio.re", "html", "txt.ada"])
    def test_names_are_names(self, name: str) -> None:
        assert is_name(name)

    @pytest.mark.parametrize("name", [".", "..", "...", "----", "____", "._-", "ada.", ".ada", "a..b", ".env", ".git"])
    def test_paths_and_mere_punctuation_are_none(self, name: str) -> None:
        assert not is_name(name)

    @pytest.mark.parametrize("name", ["index.html", "sw.js", "ads.txt", "google1a2b.html", "site.webmanifest", "x.yml"])
    def test_files_are_none(self, name: str) -> None:
        assert not is_name(name)

    def test_what_the_site_serves_is_refused(self) -> None:
        require_no_path(None, {"docs"})
        require_no_path("ada", {"docs"})
        with pytest.raises(ApiError) as refusal:
            require_no_path("docs", {"docs"})
        assert refusal.value.code == "auth.register.username_unavailable"


class TestOwnName:
    @pytest.mark.parametrize(
        "name",
        [
            "biore",
            "bio.re",
            "b1ore",
            "bl0re",
            "-bio_re-",
            "biore-official",
            "bio.re.help",
            "b.i.o.r.e.x",
            "biore2",
            "biore1",
        ],
    )
    def test_it_is_ours_as_a_word_however_it_is_spelt(self, name: str) -> None:
        assert passes_for_us(name)

    @pytest.mark.parametrize(
        "name", ["bioreactor", "bio-reactor", "b1oreactor", "blorenzo", "biored", "bio", "mybiore"]
    )
    def test_words_that_begin_alike_are_not(self, name: str) -> None:
        assert not passes_for_us(name)

    def test_what_follows_it_is_read_too(self) -> None:
        assert readings("bioresupp0rt") == (skeleton("bioresupport"), skeleton("support"))

    @pytest.mark.parametrize(
        ("text", "is_made"),
        [("supportteam", True), ("team", True), ("teams", False), ("xteam", False), ("teamteamsupport", True)],
    )
    def test_words_alone(self, text: str, *, is_made: bool) -> None:
        words = set(words_within(text)) & {"support", "team", "supp"}
        assert is_made_of(text, words) is is_made


class TestCoolDown:
    @pytest.mark.parametrize(("days_ago", "left"), [(0, 30), (0.1, 30), (1, 29), (29, 1), (29.9, 1)])
    def test_whole_days_are_left(self, days_ago: float, left: int) -> None:
        with pytest.raises(ApiError) as refusal:
            require_rested(NOW - timedelta(days=days_ago), NOW, 30)
        assert refusal.value.variables == {"daysLeft": left}

    @pytest.mark.parametrize(("changed_at", "days"), [(None, 30), (NOW - timedelta(days=30), 30), (NOW, 0)])
    def test_and_then_none(self, changed_at: datetime | None, days: int) -> None:
        require_rested(changed_at, NOW, days)
