"""Addresses of databases."""

from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError


def driver_url(url: str) -> str:
    """A libpq URL (``postgresql://…``, socket form too) as SQLAlchemy wants it."""
    return make_url(url).set(drivername="postgresql+psycopg").render_as_string(hide_password=False)


def libpq_url(url: str) -> str:
    """As the driver itself wants it, which is stricter, and whose refusals quote the password."""
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


def utf8_url(url: str) -> str:
    """The same, for a client that reads UTF-8 whatever the database's own encoding is."""
    return make_url(url).update_query_dict({"client_encoding": "utf8"}).render_as_string(hide_password=False)


def is_readable(url: str) -> bool:
    """Whether SQLAlchemy and libpq alike know what is meant."""
    try:
        make_url(url)
        conninfo_to_dict(url)
    except (ArgumentError, ProgrammingError, ValueError):
        return False
    return True
