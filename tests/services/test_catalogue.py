"""Every config key that anybody declares: found in one place, with a default, a meaning and bounds that hold."""

import importlib
import pkgutil
from dataclasses import replace
from typing import Any

import pytest

from domain.auth import ALERT_EMAIL, REFRESH_GRACE_SECONDS
from domain.auth.passwords import SALT_ROUNDS
from domain.config_keys import (
    AmountKey,
    BoolKey,
    ChoiceKey,
    IntKey,
    InvalidConfig,
    Key,
    ListKey,
    MailAddressKey,
    NetworksKey,
    NumbersKey,
    SecretKey,
    TextKey,
    UrlKey,
    UrlsKey,
)
from domain.creators.dm import MAX_PRICE
from domain.money.bank_files import DebtorKey
from domain.switches import SwitchKey
from domain.wallet import LOAD_PACKAGES
from providers.dns.deliverability import EMAIL_MX_CHECK
from providers.email.smtp import FROM, URL, SenderKey, ServerKey
from services.config.catalogue import CATALOGUE, assembled, check

KINDS: dict[type, type] = {
    BoolKey: bool, SwitchKey: bool, IntKey: int, TextKey: str, ChoiceKey: str, SecretKey: str, ListKey: list,
    AmountKey: str, NetworksKey: list, NumbersKey: list, UrlKey: str, UrlsKey: list, MailAddressKey: str,
    SenderKey: str, ServerKey: str, DebtorKey: str,
}  # fmt: skip
NUMBERS = [key for key in CATALOGUE.values() if isinstance(key, IntKey)]
CHOOSING = [key for key in CATALOGUE.values() if isinstance(key, (ChoiceKey, ListKey)) and key.choices]
of_each = pytest.mark.parametrize("key", CATALOGUE.values(), ids=CATALOGUE)


class TestCatalogue:
    @of_each
    def test_defaults_fit_their_own_rules(self, key: Key[Any]) -> None:
        for env in ("development", "staging", "production"):
            default = key.default_in(env)
            assert type(default) is KINDS[type(key)]
            assert key.check(default) == default

    @of_each
    def test_every_key_says_what_it_means(self, key: Key[Any]) -> None:
        assert len(key.meaning) > 10
        assert CATALOGUE[key.name] is key

    @pytest.mark.parametrize("key", NUMBERS, ids=lambda key: key.name)
    def test_bounds_hold(self, key: IntKey) -> None:
        for bound, outside in ((key.minimum, -1), (key.maximum, 1)):
            assert key.check(bound) == bound
            with pytest.raises(InvalidConfig, match=key.name):
                key.check(bound + outside)

    @of_each
    @pytest.mark.parametrize("value", [None, {}, 1.5, b"x", ["\0", 1]], ids=repr)
    def test_another_kind_is_refused(self, key: Key[Any], value: Any) -> None:
        with pytest.raises(InvalidConfig):
            key.check(value)

    @pytest.mark.parametrize("key", CHOOSING, ids=lambda key: key.name)
    def test_choices_hold(self, key: ChoiceKey | ListKey) -> None:
        for choice in key.choices:
            assert key.check([choice] if isinstance(key, ListKey) else choice)
        with pytest.raises(InvalidConfig, match=key.choices[0]):
            key.check(["nonsense"] if isinstance(key, ListKey) else "nonsense")

    @pytest.mark.parametrize("value", ["1.005", "-1.00", "1e2", "", "1,00", True, 4.5], ids=repr)
    def test_what_is_no_amount_is_refused(self, value: Any) -> None:
        with pytest.raises(InvalidConfig, match=r"dm\.max_price must be an amount"):
            MAX_PRICE.check(value)

    def test_an_amount_has_two_digits_and_bounds(self) -> None:
        assert [MAX_PRICE.check(value) for value in (7, "7", "7.5", "007.50")] == ["7.00", "7.00", "7.50", "7.50"]
        for outside, told in ((-1, "an amount"), ("5000.01", "at most 5000")):
            with pytest.raises(InvalidConfig, match=told):
                MAX_PRICE.check(outside)

    def test_a_list_of_numbers_takes_them_either_way(self) -> None:
        assert LOAD_PACKAGES.check([5, "10", 10]) == ["5", "10"]

    @pytest.mark.parametrize(
        ("value", "told"),
        [
            (["5.00"], "whole"), (["\u0665"], "whole"), (["05"], "whole"), ([True], "texts"),
            ([0], "below 1"), ([10001], "above"),
            ([*range(1, 22)], "at most 20"),
        ],
    )  # fmt: skip
    def test_what_is_no_list_of_numbers_is_refused(self, value: Any, told: str) -> None:
        with pytest.raises(InvalidConfig, match=told):
            LOAD_PACKAGES.check(value)

    def test_numbers_have_bounds(self) -> None:
        assert [key.name for key in NUMBERS if not key.minimum < key.maximum] == []

    def test_all_that_are_declared_are_in_it(self) -> None:
        """A module that nobody assembles declares keys that no admin finds."""
        rooms = [importlib.import_module(room) for room in ("domain", "providers", "services")]
        names = [found.name for room in rooms for found in pkgutil.walk_packages(room.__path__, f"{room.__name__}.")]
        modules = [importlib.import_module(name) for name in names]
        keys = [value for module in modules for value in vars(module).values() if isinstance(value, Key)]
        assert [key.name for key in keys if CATALOGUE.get(key.name) is not key] == []
        assert len(keys) > 80

    def test_two_of_one_name_are_a_mistake(self) -> None:
        with pytest.raises(ValueError, match=r"auth\.salt_rounds is declared twice"):
            assembled([SALT_ROUNDS, replace(SALT_ROUNDS)])

    def test_true_is_no_number(self) -> None:
        with pytest.raises(InvalidConfig, match="whole number"):
            REFRESH_GRACE_SECONDS.check(True)

    def test_development_may_differ(self) -> None:
        assert [EMAIL_MX_CHECK.default_in(env) for env in ("development", "staging", "production")] == [
            False,
            True,
            True,
        ]


class TestAddresses:
    """What has the form of an address is not taken for any other text."""

    @pytest.mark.parametrize(
        "key", [key for key in CATALOGUE.values() if isinstance(key, UrlKey)], ids=lambda k: k.name
    )
    def test_of_servers(self, key: UrlKey) -> None:
        for fit in ("https://example.com", "http://127.0.0.1:8000", "http://[::1]:80/x"):
            assert key.check(fit) == fit
        unfit = ["notaurl", "example.com", "ftp://example.com", "https://", "https://ada:x@example.com", "https://e:x",
                 "https://a b", "https://e.example?x=1", "https://e.example/#x", 'https://e.example/">',
                 *([""] if key.default else [])]  # fmt: skip
        for text in unfit:
            with pytest.raises(InvalidConfig, match="must be an address such as"):
                key.check(text)

    def test_all_that_are_called_urls_are_checked(self) -> None:
        named = [key for key in CATALOGUE.values() if key.name.endswith(("url", "endpoint"))]
        assert [key.name for key in named if not isinstance(key, (UrlKey, ServerKey))] == []

    def test_of_mailboxes(self) -> None:
        assert ALERT_EMAIL.check("ada@example.com") == "ada@example.com"
        assert ALERT_EMAIL.check("") == ""
        assert FROM.check("Ada <ada@example.com>") == "Ada <ada@example.com>"
        for key, text in ((ALERT_EMAIL, "ada"), (FROM, "ada"), (FROM, ""), (FROM, "a@b.example, c@d.example")):
            with pytest.raises(InvalidConfig, match=key.name):
                key.check(text)

    def test_of_smtp_servers_without_telling_the_password(self) -> None:
        assert URL.check("smtps://ada:hunter2@mail.example") == "smtps://ada:hunter2@mail.example"
        assert URL.check("") == ""
        for text in ("hunter2", "https://ada:hunter2@mail.example", "smtp://hunter2@mail:x", "smtp://h?tls=hunter2"):
            with pytest.raises(InvalidConfig, match="must be like smtp://") as refusal:
                URL.check(text)
            assert "hunter2" not in str(refusal.value)


class TestCheck:
    @pytest.mark.parametrize(
        ("typed", "meant"),
        [("auth.salt_round", "auth.salt_rounds"), ("site.baseurl", "site.base_url"),
         ("ratelimit.auth.loggin", "ratelimit.auth.login")],
    )  # fmt: skip
    def test_a_slip_of_the_keyboard_is_told_what_was_meant(self, typed: str, meant: str) -> None:
        with pytest.raises(InvalidConfig, match=f"no config key '{typed}'; did you mean {meant}\\?"):
            check(typed, 1, {"auth.login"})

    def test_an_override_belongs_to_an_operation(self) -> None:
        assert check("ratelimit.auth.login", "3/minute", {"auth.login"}) == "3/minute"
        for name in ("ratelimit.auth.logout", "ratelimit.", "ratelimit", "x.ratelimit.auth.login"):
            with pytest.raises(InvalidConfig, match="no config key"):
                check(name, "3/minute", {"auth.login"})

    def test_the_switch_is_no_override(self) -> None:
        assert check("ratelimit.enabled", False, {"enabled"}) is False

    def test_a_secret_is_not_repeated(self) -> None:
        with pytest.raises(InvalidConfig) as refusal:
            check("external.email.smtp.url", ["hunter2"], ())
        assert "hunter2" not in str(refusal.value)
