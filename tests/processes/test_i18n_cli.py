"""``biore i18n``, and the texts that a migration brings."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from domain.locales import LOCALES
from runtime.cli import cli
from tests.conftest import SECRET
from tests.harness import Server, Tables


class Shell:
    """Of the deployment that ``server`` belongs to."""

    def __init__(self, server: Server, data_dir: Path) -> None:
        values = {"DATABASE_URL": server.database_url, "SECRET_KEY": SECRET, "DATA_DIR": str(data_dir)}
        self._environment = {f"BIORE_{name}": value for name, value in values.items()}

    def run(self, *arguments: str) -> Result:
        return CliRunner().invoke(cli, arguments, env=self._environment)


@pytest.fixture
def shell(server: Server, tmp_path: Path) -> Shell:
    return Shell(server, tmp_path)


def test_a_migration_brings_the_texts(shell: Shell, tables: Tables) -> None:
    assert shell.run("migrate").exit_code == 0
    assert tables.count("languages") == len(LOCALES)
    assert shell.run("i18n", "import").output == "The texts are those of this release.\n"


def test_an_import_tells_which_languages_changed(shell: Shell, tables: Tables) -> None:
    assert shell.run("i18n", "import").output == f"Texts have changed: {', '.join(sorted(LOCALES))}.\n"


def test_an_export_has_the_form_of_the_files(shell: Shell, tables: Tables) -> None:
    shell.run("i18n", "import")
    tables.run("UPDATE translations SET text = 'Bitte!' WHERE locale = 'de' AND key = 'required'")
    exported = json.loads(shell.run("i18n", "export", "de").output)
    assert exported.keys() == {"errors", "validation", "messages", "mails"}
    assert exported["validation"]["required"] == "Bitte!"


def test_a_language_without_texts_has_no_export(shell: Shell) -> None:
    refused = shell.run("i18n", "export", "xx")
    assert refused.exit_code == 1
    assert "xx has no approved texts" in refused.output
