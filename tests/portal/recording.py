"""Where the tests of samples leave their evidence."""

from tests.recording import RECORDED


def record_sample(operation_id: str, language: str, how: str) -> None:
    """``how``: executed, compiled or parsed."""
    RECORDED.sample(operation_id, language, how)
