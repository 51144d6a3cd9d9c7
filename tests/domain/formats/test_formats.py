"""What is taken for which type of file."""

import pytest

from domain.formats import READERS
from domain.upload import MIME_TYPES
from tests.domain.formats.support import clean, is_taken
from tests.files import file_of


class TestEveryType:
    def test_has_a_reader(self) -> None:
        assert set(READERS) == set(MIME_TYPES)

    @pytest.mark.parametrize("content_type", MIME_TYPES)
    def test_is_taken_for_itself_and_for_no_other(self, content_type: str) -> None:
        taken = {other for other in MIME_TYPES if is_taken(other, file_of(content_type))}
        assert taken == {content_type}

    @pytest.mark.parametrize("content_type", MIME_TYPES)
    def test_cleaning_twice_is_cleaning_once(self, content_type: str) -> None:
        once = clean(content_type, file_of(content_type))
        assert clean(content_type, once) == once

    @pytest.mark.parametrize("content_type", MIME_TYPES)
    def test_a_beginning_is_refused_or_borne_never_a_fault(self, content_type: str) -> None:
        whole = file_of(content_type)
        for size in range(len(whole)):
            is_taken(content_type, whole[:size])
        assert not is_taken(content_type, whole[:4])

    @pytest.mark.parametrize("content_type", MIME_TYPES)
    def test_any_byte_may_be_any_other_without_a_fault(self, content_type: str) -> None:
        whole = bytearray(file_of(content_type))
        for at in range(min(len(whole), 400)):
            for value in (0, 1, 0x7F, 0xFF):
                former, whole[at] = whole[at], value
                is_taken(content_type, bytes(whole))
                whole[at] = former

    @pytest.mark.parametrize("content_type", MIME_TYPES)
    @pytest.mark.parametrize(
        "data", [b"", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"<!doctype html>", bytes(4096)]
    )
    def test_nothing_and_anything_else_is_refused(self, content_type: str, data: bytes) -> None:
        assert not is_taken(content_type, data)


class TestPdf:
    @pytest.mark.parametrize("before", [b"", b"\xef\xbb\xbf", b"\n", b"x" * 1024])
    def test_a_header_within_the_first_kibibyte_is_enough(self, before: bytes) -> None:
        whole = before + file_of("application/pdf")
        assert clean("application/pdf", whole) == whole

    @pytest.mark.parametrize("data", [b"x" * 1025 + b"%PDF-1.7", b"%PDF", b"%PDF-x.y", b"%!PS-Adobe-3.0"])
    def test_none_or_a_late_one_is_not(self, data: bytes) -> None:
        assert not is_taken("application/pdf", data)
