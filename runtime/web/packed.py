"""Texts that many read and few change: compressed once, and not sent to who has them (RFC 9110, 13.1)."""

import gzip
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Self

from starlette.datastructures import Headers
from starlette.responses import Response
from werkzeug.datastructures import ETags
from werkzeug.http import parse_etags

from runtime.web.http.codings import takes_gzip
from runtime.web.http.conditional import MOST_CHARACTERS


@dataclass(frozen=True, slots=True)
class Packed:
    """``zipped`` is None where to compress it is not worth it."""

    content: bytes
    zipped: bytes | None
    tag: str
    media_type: str

    @classmethod
    def of(cls, content: bytes, media_type: str, *, worth_it: bool = True) -> Self:
        zipped = gzip.compress(content, 6, mtime=0) if worth_it else None
        return cls(content, zipped, sha256(content).hexdigest()[:32], media_type)

    def answer(self, headers: Headers, named: Mapping[str, str]) -> Response:
        """``headers`` are the request's, ``named`` those of the answer beside the tag and the coding."""
        zipped = self.zipped if takes_gzip(_joined(headers, "accept-encoding")) else None
        tag = f'"{self.tag}"' if zipped is None else f'"{self.tag}-gzip"'
        told = {"Vary": "Accept-Encoding", **named, "ETag": tag}
        # A state that must still be there is compared strongly, one that is known already weakly.
        if "if-match" in headers and not _tags(headers, "if-match").contains(tag.strip('"')):
            return Response(status_code=412, headers=told)
        if _tags(headers, "if-none-match").contains_weak(tag.strip('"')):
            return Response(status_code=304, headers=told)
        if zipped is None:
            return Response(self.content, headers=told, media_type=self.media_type)
        return Response(zipped, headers=told | {"Content-Encoding": "gzip"}, media_type=self.media_type)


def _joined(headers: Headers, name: str) -> str:
    """Several lines of a header are one list (RFC 9110, 5.3)."""
    return ", ".join(headers.getlist(name))


def _tags(headers: Headers, name: str) -> ETags:
    return parse_etags(_joined(headers, name)[:MOST_CHARACTERS])
