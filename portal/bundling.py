"""One style sheet and one script for each kind of page, joined from the files in ``portal/assets``.

A page that is opened for the first time costs round trips, not bytes: two dozen small modules would be two dozen.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from contract.policy import ContractError

# The first two come first, because the others use their names; a theme of one's own is read last.
STYLES = ("portal.css", "code.css")
SCRIPTS = ("portal.js", "operation.js", "action.js")
IMPORT = re.compile(r"^import (?:\{([^}]+)\} from )?\"\./([\w/.-]+)\";$", re.MULTILINE)
EXPORT = re.compile(r"^export (?=(?:async )?(?:function|class|const) (\w+))", re.MULTILINE)
UNKNOWN = re.compile(r"^(?:import|export)\b.*$", re.MULTILINE)
COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
INDENT = re.compile(r"^ +", re.MULTILINE)
REMARK = re.compile(r"^[ ]*(?://[^\n]*|/\*\*.*?\*/)\n", re.MULTILINE | re.DOTALL)


def style(assets: Path, theme: Path | None = None) -> str:
    """All style sheets as one, with the icons as ``--icon-<name>``."""
    others = sorted(file.name for file in assets.glob("*.css") if file.name not in STYLES)
    sheets = [(assets / name).read_text(encoding="utf-8") for name in (*STYLES, *others)]
    if theme is not None:
        sheets.append(theme.read_text(encoding="utf-8"))
    return INDENT.sub("", COMMENT.sub("", "\n".join((_icons(assets / "icons"), *sheets))))


def _icons(folder: Path) -> str:
    """Icons stand in the sheet itself: a request for each would cost more than they weigh."""
    drawn = {file.stem: quote(file.read_text(encoding="utf-8").strip(), safe=" =:/") for file in folder.glob("*.svg")}
    names = "".join(f'--icon-{name}:url("data:image/svg+xml,{drawn[name]}");' for name in sorted(drawn))
    classes = "".join(f".icon-{name}{{--icon:var(--icon-{name})}}" for name in sorted(drawn))
    return f":root{{{names}}}{classes}"


def script(assets: Path, entry: str) -> str:
    """``entry`` with all that it imports, each module in a scope of its own. Raises ContractError.

    Remarks and indents are a quarter of what would be sent. No text of a script runs over lines.
    """
    joined = "\n".join(_module(assets, name) for name in _ordered(assets, entry, ())) + "\n"
    return INDENT.sub("", REMARK.sub("", joined))


def _ordered(assets: Path, name: str, above: tuple[str, ...]) -> list[str]:
    """Each module once, after those that it imports."""
    if name in above:
        raise ContractError(f"{assets / name}: the scripts {' -> '.join((*above, name))} import each other in a circle")
    found: list[str] = []
    for imported in _imports(assets, name):
        found += [one for one in _ordered(assets, imported, (*above, name)) if one not in found]
    return [*found, name]


def _imports(assets: Path, name: str) -> Iterator[str]:
    for found in IMPORT.finditer((assets / name).read_text(encoding="utf-8")):
        yield found[2]


def _module(assets: Path, name: str) -> str:
    text = (assets / name).read_text(encoding="utf-8")
    exported = ", ".join(EXPORT.findall(text))
    body = EXPORT.sub("", IMPORT.sub(_taken, text))
    if strange := UNKNOWN.search(body):
        raise ContractError(f"{assets / name}: only named imports and exports can be joined: {strange[0]}")
    return f"const {_scope(name)} = (() => {{\n{body.strip()}\nreturn {{{exported}}};\n}})();"


def _taken(found: re.Match[str]) -> str:
    """What an import becomes. One without names is there for what its module does."""
    return f"const {{{found[1].replace(' as ', ': ')}}} = {_scope(found[2])};" if found[1] else ""


def _scope(name: str) -> str:
    return "$" + re.sub(r"\W", "_", name)
