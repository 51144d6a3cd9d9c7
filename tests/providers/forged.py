"""Notices that somebody on the way has changed, or made up: their bodies by a bit, their signatures by their shape."""

import base64
from collections.abc import Iterator, Mapping
from urllib.parse import parse_qs, quote

from domain.webhooks import RawNotice
from providers.ports import NoticeSource, ProviderRejected
from providers.signed import LONGEST, TOLERANCE, signature

SHAPES = 40
"""So many at least of each scheme."""
WRONG = "0" * 64
ARABIC = str.maketrans({str(digit): chr(0x660 + digit) for digit in range(10)})
WIDE = str.maketrans({chr(letter): chr(letter + 0xFEE0) for letter in range(0x21, 0x7F)})


def each_bit_changed(body: bytes) -> Iterator[bytes]:
    for place in range(len(body)):
        for bit in range(8):
            changed = bytearray(body)
            changed[place] ^= 1 << bit
            yield bytes(changed)


def is_refused(adapter: NoticeSource, header: str, value: str, body: bytes) -> bool:
    """Whatever else it raises is a fault of ours."""
    try:
        adapter.read(RawNotice({header: (value,)}, body))
    except ProviderRejected:
        return True
    return False


def refused(adapter: NoticeSource, header: str, value: str, body: bytes) -> int:
    """How many of them, under the header that is right for the body."""
    assert adapter.read(RawNotice({header: (value,)}, body))
    return sum(is_refused(adapter, header, value, changed) for changed in each_bit_changed(body))


def good_headers(secret: str, former: str, body: bytes, moment: int, within: int = 0) -> dict[str, str]:
    """Of the scheme ``t=…,v1=…``. ``within``: seconds by which a time is younger, or less far ahead, than may be."""
    right = signature(secret, body, moment)
    return {
        "as it is made": f"t={moment},v1={right}",
        "by the former secret": f"t={moment},v1={signature(former, body, moment)}",
        "the right one last": f"t={moment},v1={WRONG},v1={right}",
        "the right one first": f"t={moment},v1={right},v1={WRONG}",
        "another scheme beside it": f"t={moment},v1={right},v0={WRONG}",
        "the time last": f"v1={right},t={moment}",
        "as old as may be": _at(secret, body, moment - TOLERANCE + within),
        "as far ahead as may be": _at(secret, body, moment + TOLERANCE - within),
        "a part without a value": f"t={moment},x,v1={right}",
        "an empty part": f"t={moment},,v1={right}",
        "as long as may be": f"t={moment},v1={right},".ljust(LONGEST, "x"),
    }


def bad_headers(secret: str, body: bytes, moment: int, beyond: int = 1) -> dict[str, str]:
    """Of the same scheme. ``beyond``: seconds by which a time is too old, or too far ahead."""
    right = signature(secret, body, moment)
    return {
        "empty": "",
        "blank": " ",
        "no time": f"v1={right}",
        "no signature": f"t={moment}",
        "an empty signature": f"t={moment},v1=",
        "an empty time": f"t=,v1={right}",
        "two times": f"t={moment},t={moment},v1={right}",
        "another time": f"t={moment + 1},v1={right}",
        "too old": _at(secret, body, moment - TOLERANCE - beyond),
        "too far ahead": _at(secret, body, moment + TOLERANCE + beyond),
        "a negative time": f"t=-{moment},v1={right}",
        "a time with a sign": f"t=+{moment},v1={right}",
        "a time with a blank": f"t= {moment},v1={right}",
        "a time with a point": f"t={moment}.0,v1={right}",
        "a time in Arabic digits": f"t={str(moment).translate(ARABIC)},v1={right}",
        "an endless time": f"t={'9' * 1000},v1={right}",
        "a time that is a word": f"t=now,v1={right}",
        "in hexadecimals": f"t={moment:#x},v1={right}",
        "the old scheme alone": f"t={moment},v0={right}",
        "the scheme in capitals": f"T={moment},V1={right}",
        "the signature in capitals": f"t={moment},v1={right.upper()}",
        "half of the signature": f"t={moment},v1={right[:32]}",
        "more than the signature": f"t={moment},v1={right}0",
        "a blank before it": f"t={moment},v1= {right}",
        "a blank behind it": f"t={moment},v1={right} ",
        "a zero behind it": f"t={moment},v1={right}\0",
        "what is no ASCII": f"t={moment},v1=é{right}",
        "what is no ASCII alone": "é" * 64,
        "two of another secret": f"t={moment},v1={WRONG},v1={signature('another', body, moment)}",
        "of an empty secret": f"t={moment},v1={signature('', body, moment)}",
        "semicolons": f"t={moment};v1={right}",
        "colons": f"t:{moment},v1:{right}",
        "quotes": f't="{moment}",v1="{right}"',
        "the signature alone": right,
        "of another body": f"t={moment},v1={signature(secret, b'', moment)}",
        "of another time": f"t={moment},v1={signature(secret, body, 0)}",
        "ten thousand signatures": f"t={moment}," + ",".join([f"v1={WRONG}"] * 10_000) + f",v1={right}",
        "ten thousand commas": f"t={moment},v1={right}" + "," * 10_000,
        "too long by one": f"t={moment},v1={right},".ljust(LONGEST + 1, "x"),
        "a JSON object": '{"t": 1}',
        "a line break": f"t={moment}\n,v1={right}",
        "equals": "====",
    }


def bad_values(right: str, others: Mapping[str, str]) -> dict[str, str]:
    """Of a scheme whose header is one signature, whatever alphabet it has. ``others``: of other bodies and secrets."""
    half = len(right) // 2
    return dict(others) | {
        "empty": "",
        "blank": " ",
        "a blank before it": f" {right}",
        "a blank behind it": f"{right} ",
        "a blank in it": f"{right[:half]} {right[half:]}",
        "a tab in it": f"{right[:half]}\t{right[half:]}",
        "a line break in it": f"{right[:half]}\n{right[half:]}",
        "a line break behind it": f"{right}\n",
        "a zero behind it": f"{right}\0",
        "another first letter": ("1" if right[0] != "1" else "2") + right[1:],
        "another letter in the middle": right[:half] + ("1" if right[half] != "1" else "2") + right[half + 1 :],
        "without the first letter": right[1:],
        "without the last letter": right[:-1],
        "a letter before it": f"0{right}",
        "a letter behind it": f"{right}0",
        "half of it": right[:half],
        "the other half": right[half:],
        "twice": right * 2,
        "backwards": right[::-1],
        "two with a comma": f"{right},{right}",
        "a right and a wrong one": f"{right}, {WRONG}",
        "a comma behind it": f"{right},",
        "a semicolon behind it": f"{right};",
        "an equals sign before it": f"={right}",
        "quotes": f'"{right}"',
        "single quotes": f"'{right}'",
        "a JSON list": f'["{right}"]',
        "a JSON object": f'{{"signature":"{right}"}}',
        "with the name of the hash": f"sha256={right}",
        "as a bearer": f"Bearer {right}",
        "of the scheme of others": f"t=1,v1={right}",
        "in hexadecimals": right.encode().hex(),
        "in base64": base64.b64encode(right.encode()).decode(),
        "with percents": "".join(f"%{ord(letter):02X}" for letter in right),
        "escaped": f"\\x{ord(right[0]):02x}{right[1:]}",
        "in Arabic digits": f"1{right}".translate(ARABIC),
        "in wide letters": right.translate(WIDE),
        "what is no ASCII before it": f"é{right}",
        "what is no ASCII": "é" * len(right),
        "zeros": "0" * len(right),
        "letters that are none": "x" * len(right),
        "equals": "=" * 8,
        "a word": "null",
        "a number": "0",
        "ten thousand letters": "a" * 10_000,
        "ten thousand of them": ",".join([right] * 10_000),
    }


def bad_queries(query: str) -> dict[str, str]:
    """Of an address that has a key of ours: ``p=<payment>&k=<key>``."""
    (payment,), (key,) = (parse_qs(query)[name] for name in ("p", "k"))
    keys = bad_values(key, {"of another secret": WRONG})
    changed = {f"the key: {name}": f"p={payment}&k={quote(value, safe='')}" for name, value in keys.items()}
    return changed | {
        "nothing": "",
        "no key": f"p={payment}",
        "no payment": f"k={key}",
        "an empty payment": f"p=&k={key}",
        "another payment": f"p={payment[::-1]}&k={key}",
        "no UUID": f"p=1&k={key}",
        "names in capitals": f"P={payment}&K={key}",
        "the key twice": f"{query}&k={key}",
        "the payment twice": f"{query}&p={payment}",
        "a hundred more": query + "&x" * 100,
        "semicolons": query.replace("&", ";"),
        "percents that are none": query + "%",
        "what is no UTF-8": f"p={payment}&k=%ff{key}",
    }


def _at(secret: str, body: bytes, moment: int) -> str:
    return f"t={moment},v1={signature(secret, body, moment)}"
