"""Bank transfers of payouts as a file that banks take: ISO 20022, ``pain.001.001.09``.

A file is a function of its batch and of nothing else: whoever writes it again writes the same bytes.
"""

from __future__ import annotations

import string
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from html import escape
from typing import Any
from uuid import UUID

from domain.config_keys import Config, TextKey
from domain.money.amounts import Money
from domain.money.banks import is_bic, is_iban
from domain.money.countries import COUNTRIES

BANK_FILE = "bank_file"
"""The provider of bank transfers that are made by files: staff takes them to the bank, and says what came of them."""
MIME, NAMESPACE = "application/xml", "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"
NAME, STREET, TOWN, REGION, POSTCODE = 70, 70, 35, 35, 16
_OF_SEPA = (
    "AD AL AT AX BE BG BL CH CY CZ DE DK EE ES FI FR GB GF GG GI GP GR HR HU IE IM IS IT JE LI LT LU LV MC MD ME MF MK "
    "MQ MT NL NO PL PM PT RE RO RS SE SI SK SM VA YT"
)
SEPA_LANDS = frozenset(_OF_SEPA.split())
SWIFT = frozenset(string.ascii_letters + string.digits + "/-?:().,'+ ")
# What no decomposition of Unicode spells in these.
SPELT = str.maketrans(
    {
        "ß": "ss", "ẞ": "SS", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L",
        "đ": "d", "Đ": "D", "ð": "d", "Ð": "D", "þ": "th", "Þ": "Th", "ħ": "h", "Ħ": "H", "ŧ": "t", "Ŧ": "T",
        "ŋ": "n", "Ŋ": "N", "ı": "i", "ĸ": "k", "ə": "e", "Ə": "E", "&": "+", "_": "-",  # noqa: RUF001
        **dict.fromkeys("‘’ʻʼ`´", "'"), **dict.fromkeys("‐‑‒–—", "-"),  # noqa: RUF001 - what people type
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class DebtorKey(TextKey):
    """Of our own account. ``fits``: what the file takes; empty while there is none."""

    form: str = field(kw_only=True)
    fits: Callable[[str], bool] = field(kw_only=True, repr=False)

    def check(self, value: Any) -> str:
        text = TextKey.check(self, value)
        self._expect(not text or self.fits(text), value, f"must be {self.form}")
        return text


def _is_bic(text: str) -> bool:
    return len(text) in (8, 11) and text.isascii() and text.isalnum() and text.isupper() and is_bic(text)


def _fits(most: int) -> Callable[[str], bool]:
    return lambda text: len(text) <= most and SWIFT.issuperset(text) and bool(text.strip(" /-:"))


_LATIN = "Latin letters, digits and some signs"
DEBTOR_NAME = DebtorKey(
    "payout.bank_name", "", "our name, as our bank has it, in files of bank transfers",
    form=f"up to {NAME} of {_LATIN}", fits=_fits(NAME),
)  # fmt: skip
DEBTOR_IBAN = DebtorKey(
    "payout.bank_iban", "", "the IBAN from which files of bank transfers pay",
    form="an IBAN without blanks", fits=is_iban,
)  # fmt: skip
DEBTOR_BIC = DebtorKey(
    "payout.bank_bic", "", "the BIC of our bank in files of bank transfers", form="a BIC", fits=_is_bic
)
DEBTOR_STREET = DebtorKey(
    "payout.bank_street", "", "street and number of our address in files of bank transfers; may be empty",
    form=f"up to {STREET} of {_LATIN}", fits=_fits(STREET),
)  # fmt: skip
DEBTOR_POSTCODE = DebtorKey(
    "payout.bank_postcode", "", "postal code of our address in files of bank transfers; may be empty",
    form=f"up to {POSTCODE} of {_LATIN}", fits=_fits(POSTCODE),
)  # fmt: skip
DEBTOR_TOWN = DebtorKey(
    "payout.bank_town", "", "town of our address in files of bank transfers",
    form=f"up to {TOWN} of {_LATIN}", fits=_fits(TOWN),
)  # fmt: skip
DEBTOR_COUNTRY = DebtorKey(
    "payout.bank_country", "", "country of our address in files of bank transfers, by its two letters",
    form="two letters such as DE", fits=COUNTRIES.__contains__,
)  # fmt: skip
NEEDED = (DEBTOR_NAME, DEBTOR_IBAN, DEBTOR_BIC, DEBTOR_TOWN, DEBTOR_COUNTRY)
"""Without which there is no file."""


class Unwritable(ValueError):
    """A transfer that no file can have: something is missing, or has no form in the letters that banks read."""


@dataclass(frozen=True, slots=True)
class Party:
    """Who pays or is paid, as the file has it."""

    name: str = field(repr=False)
    iban: str = field(repr=False)
    bic: str | None
    town: str = field(repr=False)
    country: str
    street: str | None = field(default=None, repr=False)
    postcode: str | None = field(default=None, repr=False)
    region: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Transfer:
    payout_id: UUID
    amount: int
    to: Party


@dataclass(frozen=True, slots=True)
class Batch:
    id: UUID
    created_at: datetime
    currency: str
    debtor: Party
    transfers: Sequence[Transfer]

    @property
    def amount(self) -> int:
        return sum(each.amount for each in self.transfers)


def spelt(text: str, most: int) -> str:
    """In the character set of SWIFT, cut to the ``most`` characters that the field has.

    Raises Unwritable for a letter without a Latin form: the bank would compare another name than the holder's.
    """
    found = []
    for sign in unicodedata.normalize("NFKD", text.translate(SPELT)).translate(SPELT):
        if sign in SWIFT:
            found.append(sign)
            continue
        kind = unicodedata.category(sign)[0]
        if kind in "LN":
            raise Unwritable("a letter has no Latin form")
        if kind != "M":
            found.append(" ")
    while "//" in (told := "".join(found)):  # which has a meaning of its own in messages between banks
        found = list(told.replace("//", "/"))
    told = " ".join(told.split()).strip(" /-:")[:most].rstrip(" /-:")
    if not told:
        raise Unwritable("a text is empty")
    return told


def debtor_of(config: Config) -> Party | None:
    """We; None while something is not set that a file needs."""
    if not all(config[key] for key in NEEDED):
        return None
    return Party(
        config[DEBTOR_NAME], config[DEBTOR_IBAN], config[DEBTOR_BIC], config[DEBTOR_TOWN], config[DEBTOR_COUNTRY],
        config[DEBTOR_STREET] or None, config[DEBTOR_POSTCODE] or None,
    )  # fmt: skip


def creditor_of(destination: Mapping[str, Any], currency: str) -> Party:
    """Whom a payout goes to, as it was sealed: details of the bank, and the ``address`` of the tax form.

    Raises Unwritable.
    """
    address = destination.get("address") or {}
    iban, bic = destination.get("iban"), destination.get("swiftCode")
    if not iban or not is_iban(iban):
        raise Unwritable("there is no IBAN")
    if not bic and not is_sepa(iban, currency):
        raise Unwritable("there is no BIC")
    if address.get("country") not in COUNTRIES:
        raise Unwritable("there is no country")
    return Party(
        spelt(destination.get("accountHolderName") or "", NAME), iban, bic or None,
        spelt(address.get("city") or "", TOWN), address["country"], _perhaps(address.get("line"), STREET),
        _perhaps(address.get("postalCode"), POSTCODE), _perhaps(address.get("region"), REGION),
    )  # fmt: skip


def _perhaps(text: str | None, most: int) -> str | None:
    """What a file may do without is left out where it cannot be spelt."""
    try:
        return spelt(text or "", most)
    except Unwritable:
        return None


def is_sepa(iban: str, currency: str) -> bool:
    """Euros within the area of the scheme, which has a service of its own."""
    return currency == "EUR" and iban[:2] in SEPA_LANDS


def written(batch: Batch) -> bytes:
    """The file. Transfers of one service stand in one block, in the order in which they are given."""
    created = batch.created_at.astimezone(UTC)
    header = _element(
        "GrpHdr",
        _text("MsgId", batch.id.hex),
        _text("CreDtTm", created.isoformat(timespec="seconds")),
        *_sums(batch.transfers),
        _text("InitgPty/Nm", batch.debtor.name),
    )
    blocks = (_block(batch, *given) for given in enumerate(_services(batch), 1))
    told = _element("Document", _element("CstmrCdtTrfInitn", header, *blocks), xmlns=NAMESPACE)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{told}'.encode()


def _services(batch: Batch) -> Iterator[tuple[bool, list[Transfer]]]:
    for sepa in (True, False):
        found = [each for each in batch.transfers if is_sepa(each.to.iban, batch.currency) == sepa]
        if found:
            yield sepa, found


def _block(batch: Batch, number: int, service: tuple[bool, list[Transfer]]) -> str:
    (sepa, transfers), debtor = service, batch.debtor
    return _element(
        "PmtInf",
        _text("PmtInfId", f"{batch.id.hex}-{number}"),
        _text("PmtMtd", "TRF"),
        *_sums(transfers),
        _text("PmtTpInf/SvcLvl/Cd", "SEPA" if sepa else None),
        _text("ReqdExctnDt/Dt", batch.created_at.astimezone(UTC).date().isoformat()),
        _party("Dbtr", debtor),
        _element("DbtrAcct", _text("Id/IBAN", debtor.iban), _text("Ccy", batch.currency)),
        _text("DbtrAgt/FinInstnId/BICFI", debtor.bic),
        _text("ChrgBr", "SLEV" if sepa else "SHAR"),
        *(_transfer(each, batch.currency) for each in transfers),
    )


def _transfer(transfer: Transfer, currency: str) -> str:
    to = transfer.to
    return _element(
        "CdtTrfTxInf",
        _text("PmtId/EndToEndId", transfer.payout_id.hex),
        _element("Amt", _text("InstdAmt", str(Money(transfer.amount)), Ccy=currency)),
        _text("CdtrAgt/FinInstnId/BICFI", to.bic),
        _party("Cdtr", to),
        _text("CdtrAcct/Id/IBAN", to.iban),
        _text("RmtInf/Ustrd", f"Payout {transfer.payout_id.hex}"),
    )


def _sums(transfers: Sequence[Transfer]) -> Iterable[str]:
    yield _text("NbOfTxs", str(len(transfers)))
    yield _text("CtrlSum", str(Money(sum(each.amount for each in transfers))))


def _party(tag: str, party: Party) -> str:
    address = _element(
        "PstlAdr",
        _text("StrtNm", party.street),
        _text("PstCd", party.postcode),
        _text("TwnNm", party.town),
        _text("CtrySubDvsn", party.region),
        _text("Ctry", party.country),
    )
    return _element(tag, _text("Nm", party.name), address)


def _element(tag: str, *parts: str, **attributes: str) -> str:
    """On a line of its own, as are its parts."""
    inner = "".join(parts)
    return f"<{tag}{_written(attributes)}>\n{inner}</{tag}>\n"


def _text(path: str, text: str | None, **attributes: str) -> str:
    """``path``: with those around it. Nothing where there is no text."""
    if text is None:
        return ""
    *around, tag = path.split("/")
    opened, closed = "".join(f"<{each}>" for each in around), "".join(f"</{each}>" for each in reversed(around))
    return f"{opened}<{tag}{_written(attributes)}>{escape(text, quote=False)}</{tag}>{closed}\n"


def _written(attributes: Mapping[str, str]) -> str:
    return "".join(f' {name}="{escape(value)}"' for name, value in attributes.items())
