"""Answers from rows, by the names of their fields."""

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import NotRequired, TypedDict
from uuid import UUID

import pytest

from domain.presenting import presented

ID = UUID("5b0f6f0e-6f3c-4f4e-9d0e-0c7c3a1f2b64")


class Book(TypedDict):
    id: str
    bestTitle: str | None
    printedAt: str
    copies: int
    isLent: NotRequired[bool]


ROW = SimpleNamespace(
    id=ID, best_title=None, printed_at=datetime(2026, 1, 2, 3, 4, 5, 6000, UTC), copies=3, is_lent=True, secret="x"
)
TOLD = {"id": str(ID), "bestTitle": None, "printedAt": "2026-01-02T03:04:05.006Z", "copies": 3}


def test_a_field_is_the_attribute_of_its_name() -> None:
    assert presented(Book, ROW) == TOLD
    assert list(presented(Book, ROW)) == ["id", "bestTitle", "printedAt", "copies"]


def test_exceptions_are_given() -> None:
    assert presented(Book, ROW, bestTitle="Notes", isLent=False) == TOLD | {"bestTitle": "Notes", "isLent": False}


def test_what_a_row_lacks_is_no_answer() -> None:
    with pytest.raises(AttributeError, match="copies"):
        presented(Book, SimpleNamespace(id=ID, best_title=None, printed_at=None))
