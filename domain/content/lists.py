"""What is asked of the lists of what is public."""

from typing import NamedTuple
from uuid import UUID


class Wanted(NamedTuple):
    """Which of one kind are listed: all that no part narrows. ``folded`` is looked for in the ``newest`` of them."""

    kind: str
    locale: str | None = None
    category_id: UUID | None = None
    featured: bool = False
    folded: str | None = None
    newest: int | None = None
