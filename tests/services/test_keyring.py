import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.loader import ROOT
from domain.keys import Purpose
from services.keyring import KEY_BYTES, Keyring

INVENTORY = ROOT / "docs" / "cryptography.md"
CODE, PHONE = Purpose.OTP_CODE, Purpose.OTP_PHONE
NEW, OLD = "new-secret-" * 4, "old-secret-" * 4


class TestKeys:
    def test_each_purpose_has_one_of_its_own(self) -> None:
        keyring = Keyring((NEW,))
        keys = {keyring.key(purpose) for purpose in Purpose}
        assert len(keys) == len(Purpose)
        assert {len(key) for key in keys} == {KEY_BYTES}

    def test_are_the_same_in_every_process(self) -> None:
        assert Keyring((NEW,)).key("totp") == Keyring((NEW,)).key("totp")
        assert Keyring((NEW,)).current == Keyring((NEW, OLD)).current
        assert Keyring((NEW,)).key("totp") != Keyring((OLD,)).key("totp")

    def test_the_current_one_is_first_and_retired_ones_stay(self) -> None:
        keyring = Keyring((NEW, OLD))
        assert list(keyring.keys("totp")) == [Keyring((NEW,)).current, Keyring((OLD,)).current]
        assert keyring.keys("totp")[Keyring((OLD,)).current] == Keyring((OLD,)).key("totp")

    def test_key_ids_tell_nothing_of_the_secret(self) -> None:
        assert Keyring((NEW,)).current not in NEW
        assert len(Keyring((NEW,)).current) == 8

    def test_are_for_purposes_that_stand_in_the_list(self) -> None:
        with pytest.raises(ValueError, match="something"):
            Keyring((NEW,)).key("something")

    def test_stand_in_the_inventory(self) -> None:
        rows = re.findall(r"^\| `([a-z-]+)` \| (?:signed|sealed|hashed)", INVENTORY.read_text(), re.MULTILINE)
        assert sorted(rows) == sorted(Purpose)

    def test_need_a_secret(self) -> None:
        with pytest.raises(ValueError, match="needs a secret"):
            Keyring(())


class TestDigest:
    def test_recognises_equal_inputs_only(self) -> None:
        keyring = Keyring((NEW,))
        assert keyring.digests(CODE, "x", "y") == Keyring((NEW,)).digests(CODE, "x", "y")
        others = [(PHONE, "x", "y"), (CODE, "xy"), (CODE, "x", "y", ""), (CODE, "y", "x"), (CODE, "", "x", "y")]
        assert len({keyring.digests(CODE, "x", "y"), *(keyring.digests(*parts) for parts in others)}) == 6

    def test_needs_the_secret(self) -> None:
        (new,), (old,) = Keyring((NEW,)).digests(CODE, "x"), Keyring((OLD,)).digests(CODE, "x")
        assert new.kid != old.kid
        assert new.value != old.value

    def test_there_is_one_under_each_secret_with_the_id_of_its_key(self) -> None:
        both, (new,), (old,) = (Keyring(secrets).digests(CODE, "x") for secrets in ((NEW, OLD), (NEW,), (OLD,)))
        assert both == (new, old)
        assert new.text == f"{Keyring((NEW,)).current}.{new.value.hex()}"


class TestSeal:
    @given(st.text())
    def test_opens_again(self, clear: str) -> None:
        keyring = Keyring((NEW,))
        assert keyring.unseal("outbox", keyring.seal("outbox", clear)) == clear

    def test_hides_and_never_repeats_itself(self) -> None:
        keyring = Keyring((NEW,))
        first, second = keyring.seal("outbox", "token"), keyring.seal("outbox", "token")
        assert first != second
        assert "token" not in first
        assert b"token" not in bytes.fromhex(first.partition(".")[2])

    def test_survives_a_new_secret(self) -> None:
        assert Keyring((NEW, OLD)).unseal("outbox", Keyring((OLD,)).seal("outbox", "x")) == "x"

    def test_ends_with_its_secret(self) -> None:
        with pytest.raises(ValueError, match="unknown key"):
            Keyring((NEW,)).unseal("outbox", Keyring((OLD,)).seal("outbox", "x"))

    def test_belongs_to_its_purpose(self) -> None:
        keyring = Keyring((NEW,))
        with pytest.raises(ValueError, match="tampered"):
            keyring.unseal("config", keyring.seal("outbox", "x"))

    def test_every_bit_counts(self) -> None:
        keyring = Keyring((NEW,))
        kid, _, text = keyring.seal("outbox", "secret").partition(".")
        raw = bytearray.fromhex(text)
        for position in range(len(raw)):
            raw[position] ^= 1
            with pytest.raises(ValueError, match="tampered"):
                keyring.unseal("outbox", f"{kid}.{raw.hex()}")
            raw[position] ^= 1

    @pytest.mark.parametrize("text", ["", ".", "nonsense", "{kid}.", "{kid}.zz", "{kid}.00", "{kid}." + "00" * 12])
    def test_nonsense_is_refused(self, text: str) -> None:
        keyring = Keyring((NEW,))
        with pytest.raises(ValueError):
            keyring.unseal("outbox", text.format(kid=keyring.current))
