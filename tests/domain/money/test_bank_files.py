"""Files of bank transfers: the schema of ISO 20022 is the judge, and a file is always the same."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from domain.config_keys import InvalidConfig
from domain.money.amounts import Money
from domain.money.bank_files import (
    DEBTOR_BIC,
    DEBTOR_COUNTRY,
    DEBTOR_IBAN,
    DEBTOR_NAME,
    NAME,
    NAMESPACE,
    SEPA_LANDS,
    SWIFT,
    TOWN,
    Batch,
    Party,
    Transfer,
    Unwritable,
    creditor_of,
    spelt,
    written,
)
from domain.money.banks import LENGTHS
from tests.bank import BIC, IBAN
from tests.bank_files import DESTINATION

DEBTOR = Party("BIO.RE Ltd.", "GB29NWBK60161331926819", "NWBKGB2L", "London", "GB")
NAMES = {"p": NAMESPACE}
ID = UUID("9c1f6c2e-1b7d-4c57-9a3e-2f0d6b5c4e3a")
CREATED = datetime(2026, 1, 2, 10, 0, 0, 123456, UTC)


@cache
def schema() -> etree.XMLSchema:
    """As the Registration Authority publishes it."""
    return etree.XMLSchema(etree.fromstring((files("sepaxml") / "schemas" / "pain.001.001.09.xsd").read_bytes()))


def iban_of(land: str, number: str) -> str:
    """With the check digits that are right for it."""
    number = number[: LENGTHS[land] - 4].rjust(LENGTHS[land] - 4, "0")
    rest = int("".join(str(int(sign, 36)) for sign in f"{number}{land}00")) % 97
    return f"{land}{98 - rest:02}{number}"


TEXTS = st.text(st.characters(max_codepoint=0x24F, exclude_categories=["Cs"]), max_size=250) | st.text(max_size=250)
DESTINATIONS = st.fixed_dictionaries(
    {
        "iban": st.builds(iban_of, st.sampled_from(sorted(LENGTHS)), st.from_regex(r"[0-9]{30}", fullmatch=True)),
        "bankName": TEXTS,
        "accountHolderName": TEXTS.map(lambda text: f"Ada {text}") | st.just("Zoë Müller-Łukasz & Söhne"),
        "swiftCode": st.just(BIC),
        "bankCountry": st.just("DE"),
        "address": st.fixed_dictionaries(
            {
                "line": TEXTS, "city": TEXTS.map(lambda text: f"London {text}"), "region": TEXTS | st.none(),
                "postalCode": TEXTS, "country": st.sampled_from(["DE", "GB", "US", "JP"]),
            }
        ),
    }
)  # fmt: skip


def parsed(file: bytes) -> Any:
    document = etree.fromstring(file)
    schema().assertValid(document)
    return document


def texts(document: Any, path: str) -> list[str]:
    return [str(found) for found in document.xpath(f"{path}/text()", namespaces=NAMES)]


def batch(*transfers: Transfer, currency: str = "USD") -> Batch:
    return Batch(ID, CREATED, currency, DEBTOR, transfers)


def transfer(amount: int = 25000, currency: str = "USD", **destination: Any) -> Transfer:
    return Transfer(ID, amount, creditor_of(DESTINATION | destination, currency))


@st.composite
def batches(draw: st.DrawFn) -> Batch:
    currency, transfers = draw(st.sampled_from(["USD", "EUR"])), []
    for destination in draw(st.lists(DESTINATIONS, min_size=1, max_size=4)):
        payout, amount = draw(st.uuids(version=4)), draw(st.integers(1, 10**9))
        try:
            transfers.append(Transfer(payout, amount, creditor_of(destination, currency)))
        except Unwritable:
            transfers.append(Transfer(payout, amount, creditor_of(DESTINATION, currency)))
    return Batch(draw(st.uuids(version=4)), draw(st.datetimes(timezones=st.just(UTC))), currency, DEBTOR, transfers)


@settings(max_examples=200, deadline=timedelta(seconds=5), suppress_health_check=[HealthCheck.too_slow])
@given(batches())
def test_the_schema_takes_every_file_and_nothing_of_it_is_lost(one: Batch) -> None:
    file = written(one)
    assert written(one) == file
    document = parsed(file)
    assert texts(document, "//p:GrpHdr/p:MsgId") == [one.id.hex]
    assert texts(document, "//p:GrpHdr/p:NbOfTxs") == [str(len(one.transfers))]
    assert texts(document, "//p:GrpHdr/p:CtrlSum") == [str(Money(one.amount))]
    amounts = dict(zip(texts(document, "//p:EndToEndId"), texts(document, "//p:InstdAmt"), strict=True))
    assert amounts == {each.payout_id.hex: str(Money(each.amount)) for each in one.transfers}
    for block in document.xpath("//p:PmtInf", namespaces=NAMES):
        parts = [Decimal(text) for text in texts(block, ".//p:InstdAmt")]
        assert texts(block, "p:CtrlSum") == [str(sum(parts))]
    for name in texts(document, "//p:Cdtr/p:Nm"):
        assert SWIFT.issuperset(name)
        assert 0 < len(name) <= NAME
    assert len(texts(document, "//p:Cdtr/p:PstlAdr/p:TwnNm")) == len(one.transfers)
    assert len(texts(document, "//p:Cdtr/p:PstlAdr/p:Ctry")) == len(one.transfers)


class TestWritten:
    def test_dollars_go_without_a_service_and_costs_are_shared(self) -> None:
        document = parsed(written(batch(transfer())))
        assert texts(document, "//p:SvcLvl/p:Cd") == []
        assert texts(document, "//p:ChrgBr") == ["SHAR"]
        assert texts(document, "//p:CdtrAgt//p:BICFI") == [BIC]
        assert [each.get("Ccy") for each in document.xpath("//p:InstdAmt", namespaces=NAMES)] == ["USD"]

    def test_euros_go_by_sepa_where_that_reaches(self) -> None:
        outside = iban_of("TR", "1")
        document = parsed(written(batch(transfer(100, "EUR"), transfer(250, "EUR", iban=outside), currency="EUR")))
        sepa, other = document.xpath("//p:PmtInf", namespaces=NAMES)
        assert texts(sepa, "p:PmtTpInf/p:SvcLvl/p:Cd") == ["SEPA"]
        assert [texts(block, "p:ChrgBr") for block in (sepa, other)] == [["SLEV"], ["SHAR"]]
        assert [texts(block, "p:CtrlSum") for block in (sepa, other)] == [["1.00"], ["2.50"]]
        assert texts(document, "//p:GrpHdr/p:CtrlSum") == ["3.50"]
        assert len(set(texts(document, "//p:PmtInfId"))) == 2

    def test_sepa_needs_no_bic(self) -> None:
        document = parsed(written(batch(transfer(currency="EUR", swiftCode=None), currency="EUR")))
        assert texts(document, "//p:CdtrAgt//p:BICFI") == []

    def test_its_day_and_ids_are_those_of_the_batch(self) -> None:
        document = parsed(written(batch(transfer())))
        assert texts(document, "//p:CreDtTm") == ["2026-01-02T10:00:00+00:00"]
        assert texts(document, "//p:ReqdExctnDt/p:Dt") == ["2026-01-02"]
        assert texts(document, "//p:MsgId") == [ID.hex]
        assert texts(document, "//p:CdtrAcct/p:Id/p:IBAN") == [IBAN]
        assert texts(document, "//p:DbtrAcct/p:Id/p:IBAN") == [DEBTOR.iban]

    def test_every_land_of_sepa_has_ibans(self) -> None:
        """All but parts of others, whose banks count as theirs."""
        assert SEPA_LANDS - LENGTHS.keys() == set()


class TestSpelt:
    @pytest.mark.parametrize(
        ("text", "told"),
        [
            ("Zoë Müller", "Zoe Muller"),
            ("Łukasz Żółć", "Lukasz Zolc"),
            ("Straße & Söhne", "Strasse + Sohne"),
            ("D’Arcy – O`Neill", "D'Arcy - O'Neill"),  # noqa: RUF001 - what people type
            ("ﬁne ①", "fine 1"),
            ("İsmail Ağaoğlu", "Ismail Agaoglu"),
            (" /Ada//Love\tlace; ", "Ada/Love lace"),
            ("x" * 80, "x" * NAME),
        ],
    )
    def test_in_letters_that_banks_read(self, text: str, told: str) -> None:
        assert spelt(text, NAME) == told

    @pytest.mark.parametrize("text", ["", " ", "///", "Анна", "王", "Ada Анна", "٣", "😀"])
    def test_what_has_no_such_form_is_refused(self, text: str) -> None:
        with pytest.raises(Unwritable):
            spelt(text, NAME)


class TestCreditor:
    @pytest.mark.parametrize(
        "broken",
        [
            {"iban": None},
            {"iban": "DE00370400440532013000"},
            {"swiftCode": None},
            {"accountHolderName": None},
            {"accountHolderName": "Анна"},
            {"address": None},
            {"address": {"line": "1 Street", "city": "", "region": None, "postalCode": "1", "country": "GB"}},
            {"address": {"line": "1 Street", "city": "London", "region": None, "postalCode": "1", "country": "ZZ"}},
        ],
        ids=str,
    )
    def test_what_a_file_needs_is_there(self, broken: dict[str, Any]) -> None:
        with pytest.raises(Unwritable):
            creditor_of(DESTINATION | broken, "USD")

    def test_what_it_can_do_without_is_left_out(self) -> None:
        address = {"line": "улица 1", "city": "x" * 60, "region": None, "postalCode": "", "country": "GB"}
        found = creditor_of(DESTINATION | {"address": address}, "USD")
        assert (found.street, found.postcode, found.region) == (None, None, None)
        assert found.town == "x" * TOWN


class TestKeys:
    @pytest.mark.parametrize(
        ("key", "value"),
        [
            (DEBTOR_NAME, "BIO.RE Größe"),
            (DEBTOR_NAME, "x" * 71),
            (DEBTOR_NAME, " "),
            (DEBTOR_IBAN, "GB29NWBK60161331926818"),
            (DEBTOR_IBAN, "GB29 NWBK 6016 1331 9268 19"),
            (DEBTOR_BIC, "NWBKGB2"),
            (DEBTOR_BIC, "nwbkgb2l"),
            (DEBTOR_BIC, "NWBKZZ2L"),
            (DEBTOR_COUNTRY, "Germany"),
        ],
        ids=str,
    )
    def test_what_no_file_takes_is_refused(self, key: Any, value: str) -> None:
        with pytest.raises(InvalidConfig, match=key.name):
            key.check(value)
