"""PDF: ISO 32000. Readers take a header within the first 1024 bytes."""

import re

from domain.formats.outline import Data, Malformed, Outline

HEADER = re.compile(rb"%PDF-\d\.\d")
HEAD_BYTES = 1024


def outline(data: Data) -> Outline:
    """Documents are kept as they are: they are sent on purpose, and their properties are part of them."""
    if HEADER.search(data, 0, HEAD_BYTES + len(b"%PDF-1.7")) is None:
        raise Malformed("no header")
    found = Outline.of(data)
    found.keep(0, len(data))
    return found
