from datetime import UTC, datetime, timedelta

import pytest

from domain.errors import ApiError
from domain.users.usernames import FORM, is_name, require_no_path, require_rested

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


class TestCoolDown:
    @pytest.mark.parametrize(("days_ago", "left"), [(0, 30), (0.1, 30), (1, 29), (29, 1), (29.9, 1)])
    def test_whole_days_are_left(self, days_ago: float, left: int) -> None:
        with pytest.raises(ApiError) as refusal:
            require_rested(NOW - timedelta(days=days_ago), NOW, 30)
        assert refusal.value.variables == {"daysLeft": left}

    @pytest.mark.parametrize(("changed_at", "days"), [(None, 30), (NOW - timedelta(days=30), 30), (NOW, 0)])
    def test_and_then_none(self, changed_at: datetime | None, days: int) -> None:
        require_rested(changed_at, NOW, days)
