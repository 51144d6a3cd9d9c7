"""Addresses of databases."""

from sqlalchemy import make_url


def driver_url(url: str) -> str:
    """A libpq URL (``postgresql://…``, socket form too) as SQLAlchemy wants it."""
    return make_url(url).set(drivername="postgresql+psycopg").render_as_string(hide_password=False)
