"""Notices of which somebody on the way has changed a bit."""

from collections.abc import Iterator

from domain.webhooks import RawNotice
from providers.ports import NoticeSource, ProviderRejected


def each_bit_changed(body: bytes) -> Iterator[bytes]:
    for place in range(len(body)):
        for bit in range(8):
            changed = bytearray(body)
            changed[place] ^= 1 << bit
            yield bytes(changed)


def refused(adapter: NoticeSource, header: str, value: str, body: bytes) -> int:
    """How many of them, under the header that is right for the body."""
    assert adapter.read(RawNotice({header: (value,)}, body))
    found = 0
    for changed in each_bit_changed(body):
        try:
            adapter.read(RawNotice({header: (value,)}, changed))
        except ProviderRejected:
            found += 1
    return found
