"""What providers are tried with."""

from tests.providers.conftest import make_database as make_database
