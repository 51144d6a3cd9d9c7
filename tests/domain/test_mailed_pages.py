import pytest

from domain import mailed_pages
from domain.mailed_pages import MAILED_PAGES, VERIFY_EMAIL, MailedPage
from portal.actions import ACTIONS
from tests.providers.fakes import FakeConfig


@pytest.mark.parametrize(
    ("base", "token", "link"),
    [
        ("https://bio.re", "0f8f", "https://bio.re/verify-email?token=0f8f&lang=de"),
        ("https://bio.re/", "0f8f", "https://bio.re/verify-email?token=0f8f&lang=de"),
        ("https://bio.re/app/?x=1#y", "0f8f", "https://bio.re/app/verify-email?token=0f8f&lang=de"),
        ("http://[::1]:8000", "a&b c", "http://[::1]:8000/verify-email?token=a%26b+c&lang=de"),
    ],
)
def test_a_link_is_one_url_whatever_it_is_made_of(base: str, token: str, link: str) -> None:
    config = FakeConfig({})
    config.slip("site.base_url", base)  # one that was stored before its parts were looked at
    assert VERIFY_EMAIL.link(token).written(config, "de") == link


def test_every_page_stands_in_the_table_and_is_built() -> None:
    named = [page for page in vars(mailed_pages).values() if isinstance(page, MailedPage)]
    assert sorted(named, key=repr) == sorted(MAILED_PAGES, key=repr)
    assert {action.page for action in ACTIONS} == set(MAILED_PAGES)
