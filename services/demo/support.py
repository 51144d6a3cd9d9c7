"""Categories of tickets."""

from datetime import datetime

from persistence.models import TicketCategory
from persistence.repositories import Repositories

CATEGORIES = (
    ("Sign-in and security", "Passwords, second factors and sessions.", "HIGH"),
    ("Payments and payouts", "Money that was paid, is owed or did not arrive.", "HIGH"),
    ("Creator pages", "Bio pages, links and templates.", None),
    ("Something else", None, None),
)


async def seed(db: Repositories, now: datetime) -> None:
    for place, (name, description, priority) in enumerate(CATEGORIES):
        await db.demo.add(
            TicketCategory, name=name, description=description, priority=priority, sort_order=place, created_at=now
        )
