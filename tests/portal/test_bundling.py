"""Scripts and style sheets of the pages, joined to one file each."""

import gzip
import re
from pathlib import Path

import pytest

from contract.policy import ContractError
from portal.bundling import SCRIPTS, script, style
from portal.render import ASSETS

LARGEST = 10_000
LARGEST_SCRIPT = 25_000


def write(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        (folder / f"{name}.js").write_text(text)
    return folder


class TestScripts:
    def test_hold_what_they_import_once_and_first(self, tmp_path: Path) -> None:
        folder = write(
            tmp_path,
            page='import { a } from "./a.js";\nimport { b as other } from "./b.js";\nimport "./effect.js";\n',
            a='import { b } from "./b.js";\nexport function a(x) {\n  return b + x;\n}\n',
            b="export const b = 1;\n",
            effect="log();\n",
        )
        joined = script(folder, "page.js")
        assert re.findall(r"^const (\$\w+) =", joined, re.MULTILINE) == ["$b_js", "$a_js", "$effect_js", "$page_js"]
        assert "const { b: other } = $b_js;" in joined
        assert "import" not in joined
        assert "export" not in joined

    def test_that_import_each_other_are_refused(self, tmp_path: Path) -> None:
        folder = write(tmp_path, one='import { b } from "./two.js";\n', two='import { a } from "./one.js";\n')
        with pytest.raises(ContractError, match=r"one\.js -> two\.js -> one\.js"):
            script(folder, "one.js")

    @pytest.mark.parametrize("line", ["export default 1;", 'import all from "./b.js";', "export { a };"])
    def test_of_another_form_are_refused(self, tmp_path: Path, line: str) -> None:
        with pytest.raises(ContractError, match="only named imports and exports"):
            script(write(tmp_path, page=f"{line}\n", b="\n"), "page.js")

    @pytest.mark.parametrize("name", SCRIPTS)
    def test_of_the_portal_import_nothing_any_more(self, name: str) -> None:
        assert re.search(r"^(import|export)\b", script(ASSETS, name), re.MULTILINE) is None

    @pytest.mark.parametrize("name", SCRIPTS)
    def test_have_no_text_that_runs_over_lines(self, name: str) -> None:
        """Its indent would be lost."""
        assert [line for line in script(ASSETS, name).splitlines() if line.count("`") % 2] == []

    @pytest.mark.parametrize("name", SCRIPTS)
    def test_are_sent_without_remarks(self, name: str) -> None:
        joined = script(ASSETS, name)
        assert "@param" not in joined
        assert "\n//" not in joined
        assert len(gzip.compress(joined.encode())) < LARGEST_SCRIPT


class TestStyle:
    def test_holds_every_sheet_and_the_theme_last(self, tmp_path: Path) -> None:
        (tmp_path / "theme.css").write_text("a { color: red; }")
        joined = style(ASSETS, tmp_path / "theme.css")
        assert joined.endswith("a { color: red; }")
        assert all(f"--icon-{icon.stem}:" in joined for icon in (ASSETS / "icons").glob("*.svg"))

    def test_is_small(self) -> None:
        assert len(gzip.compress(style(ASSETS).encode())) < LARGEST
