import unicodedata

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from domain.email_address import STEPS, domain_of, idna_domain, is_disposable, is_valid, lower, nfkc, normalize, trim

BLOCKED = frozenset({"mailinator.com", "throw.away.example"})

ATEXT = "abcdefghijklmnopqrstuvwxyzABCXYZ0123456789!#$%&'*+/=?^_`{|}~-"
LOCAL = st.lists(st.text(ATEXT, min_size=1, max_size=12), min_size=1, max_size=4).map(".".join)
LABEL = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", fullmatch=True)
TOP_LABEL = st.from_regex(r"[a-z]{2,10}", fullmatch=True)
DOMAIN = st.builds(lambda labels, top: ".".join([*labels, top]), st.lists(LABEL, min_size=1, max_size=3), TOP_LABEL)
ADDRESS = st.builds("{}@{}".format, LOCAL, DOMAIN)
# Ordinary text rarely has the characters that matter to the steps: marks, cases, separators, ignorables, surrogates.
MARKS_AND_CASES = "aI\u0130\u0327\u0323\u0307\u03a3\u00df\u1e9e"
AWKWARD = st.text(st.sampled_from(MARKS_AND_CASES + "\u00ad\u200d\u3002\uff20\ud800\u00a0 @.-xn"))

patiently = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # a busy machine is no finding


class TestNormalize:
    @pytest.mark.parametrize(
        ("given", "stored"),
        [
            ("ada@example.com", "ada@example.com"),
            ("  Ada.Lovelace@Example.COM\r\n", "ada.lovelace@example.com"),
            ("\u00a0ada@example.com\u3000", "ada@example.com"),
            ("\uff21\uff44\uff41\uff20\uff45xample\uff0ecom", "ada@example.com"),
            ("ada@B\u00fccher.example", "ada@xn--bcher-kva.example"),
            ("ada@Bu\u0308cher.example", "ada@xn--bcher-kva.example"),
            ("ada@stra\u00dfe.example", "ada@xn--strae-oqa.example"),
            ("ada@example\u3002com", "ada@example.com"),
            ("ada@xn--bcher-kva.example", "ada@xn--bcher-kva.example"),
        ],
    )
    def test_one_mailbox_has_one_form(self, given: str, stored: str) -> None:
        assert normalize(given) == stored

    @pytest.mark.parametrize(
        "hopeless", ["", "@", "ada", "ada@", "ada@b_\u00fc.com", "a@" + "\u00fc" * 5000, "a@\ud800.de"]
    )
    def test_what_cannot_be_encoded_stays(self, hopeless: str) -> None:
        assert normalize(f" {hopeless.upper()} ") == hopeless

    def test_is_its_named_steps_in_order(self) -> None:
        assert list(STEPS.items()) == [("nfkc", nfkc), ("trim", trim), ("lower", lower), ("idna", idna_domain)]
        assert normalize(" A@\u00dcber.de ") == idna_domain(lower(trim(nfkc(" A@\u00dcber.de "))))

    @patiently
    @given(st.text() | AWKWARD | st.builds("{}@{}".format, AWKWARD, AWKWARD))
    @example("\u0130\u0327@example.com")  # lowered, its marks are out of canonical order
    def test_twice_is_once(self, text: str) -> None:
        once = normalize(text)
        assert normalize(once) == once
        assert unicodedata.is_normalized("NFKC", once)

    @patiently
    @given(ADDRESS)
    def test_a_valid_address_only_loses_its_case(self, address: str) -> None:
        assert normalize(f"\t{address.upper()} ") == address.lower()


class TestIsValid:
    @pytest.mark.parametrize(
        "address",
        [
            "ada@example.com",
            "a@b.co",
            "first.last+tag@sub.example.co.uk",
            "!#$%&'*+/=?^_`{|}~-@example.com",
            "ada@123.com",
            "ada@xn--bcher-kva.example",
            "ada@example.xn--p1ai",
            f"{'a' * 64}@example.com",
            f"ada@{'a' * 63}.com",
            f"ada@{'.'.join(['a' * 49] * 5)}.com",
        ],
    )
    def test_accepts(self, address: str) -> None:
        assert is_valid(address)

    @pytest.mark.parametrize(
        "address",
        [
            "",
            "ada",
            "@example.com",
            "ada@",
            "ada@localhost",
            "ada@example.com.",
            "ada@.example.com",
            "ada@example..com",
            ".ada@example.com",
            "ada.@example.com",
            "a..da@example.com",
            "a da@example.com",
            "ada@exam ple.com",
            "ada@example.com\n",
            "ada\n@example.com",
            "a@da@example.com",
            '"ada"@example.com',
            '"a@b"@example.com',
            "ada(comment)@example.com",
            "Ada <ada@example.com>",
            "ada@[192.0.2.1]",
            "ada@192.0.2.1",
            "ada@example.123",
            "ada@-example.com",
            "ada@example-.com",
            "ada@exam_ple.com",
            "ad\u00e4@example.com",
            "ada@b\u00fccher.example",
            "ada@example.\u0661\u0662",
            "ada\x00@example.com",
            f"{'a' * 65}@example.com",
            f"ada@{'a' * 64}.com",
            f"ada@{'.'.join(['a' * 49] * 5)}.info",
        ],
    )
    def test_refuses(self, address: str) -> None:
        assert not is_valid(address)

    @patiently
    @given(ADDRESS)
    def test_accepts_every_dot_atom_at_a_host_name(self, address: str) -> None:
        assert is_valid(address)
        assert is_valid(normalize(address))

    @patiently
    @given(st.text() | AWKWARD | st.builds("{}@{}".format, AWKWARD, DOMAIN))
    def test_what_it_accepts_is_plain(self, text: str) -> None:
        if is_valid(text):
            assert text.isascii()
            assert text.isprintable()
            assert not set(text) & set(' "(),:;<>[\\]')
            assert text.count("@") == 1


def test_domain_of() -> None:
    assert domain_of("ada@sub.example.com") == "sub.example.com"


class TestIsDisposable:
    @pytest.mark.parametrize(
        "domain", ["mailinator.com", "sub.mailinator.com", "a.b.mailinator.com", "x.throw.away.example"]
    )
    def test_by_suffix(self, domain: str) -> None:
        assert is_disposable(domain, BLOCKED)

    @pytest.mark.parametrize(
        "domain", ["com", "example.com", "notmailinator.com", "mailinator.com.example", "away.example"]
    )
    def test_by_whole_labels_only(self, domain: str) -> None:
        assert not is_disposable(domain, BLOCKED)

    @patiently
    @given(DOMAIN, LABEL)
    def test_whatever_lies_below_a_blocked_domain_is_blocked(self, domain: str, label: str) -> None:
        assert is_disposable(f"{label}.{domain}", frozenset({domain}))
        assert not is_disposable(domain, frozenset({f"{label}.{domain}"}))
