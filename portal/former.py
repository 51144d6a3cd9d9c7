"""What a former build wrote of operations that have not changed since is taken over, not written again.

The files of one operation depend on its part of the contract, on the schemas that this part refers to, and on what all
pages share: our code, the words, the options, the menu. Digests tell whether the former file would be the same.
"""

import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any

from contract.loader import ROOT
from contract.references import schemas_used
from portal.model import Operation, Site

FILE = ".biore-portal.json"
# What makes a page what it is, beside the contract.
CODE = ("contract", "domain", "locales", "portal", "services")


class Former:
    """``out`` holds the former build, ``fresh`` gets the new one.

    ``about`` tells of an operation what its pages show beside the contract.
    """

    def __init__(self, out: Path, fresh: Path, site: Site, options: Any, about: Callable[[Operation], Any]) -> None:
        self._out = out
        self._fresh = fresh
        self._site = site
        self._about = about
        self._shared = _shared(site, options)
        self._keys: dict[str, str] = {}

    def put(self, operation: Operation, address: str, write: Callable[[], str]) -> str:
        """The text of the file at ``address``, which belongs to ``operation``, now also in the new build."""
        file, former = self._fresh / address, self._out / address
        file.parent.mkdir(parents=True, exist_ok=True)
        if self._known.get(address) == self.note(operation, address) and former.is_file():
            _link(former, file)
            return file.read_bytes().decode()  # as it was written, with the line ends of an example of CSV
        text = write()
        file.write_text(text, encoding="utf-8")
        return text

    def note(self, operation: Operation, address: str) -> str:
        """The digest by which the next build knows whether the file at ``address`` is still right."""
        self._keys[address] = self._digests[operation.id]
        return self._keys[address]

    def close(self) -> None:
        """Note what the next build may take over."""
        (self._fresh / FILE).write_text(json.dumps({"shared": self._shared, "files": self._keys}), encoding="utf-8")

    @cached_property
    def _known(self) -> Mapping[str, str]:
        """Nothing where anything that all pages share is another."""
        try:
            kept = json.loads((self._out / FILE).read_bytes())
        except (OSError, ValueError):
            return {}
        return kept["files"] if kept.get("shared") == self._shared else {}

    @cached_property
    def _digests(self) -> Mapping[str, str]:
        schemas = self._site.contract.document["components"]["schemas"]
        of_schemas = {name: _digest(schema) for name, schema in schemas.items()}

        def digest(operation: Operation) -> str:
            used = sorted(of_schemas[name] for name in schemas_used(schemas, operation.document))
            return _digest([operation.document, operation.policy.page, used, repr(self._about(operation))])

        return {operation.id: digest(operation) for operation in self._site.operations}


def _shared(site: Site, options: Any) -> str:
    document = site.contract.document
    others = {key: value for key, value in document.items() if key not in ("paths", "components")}
    components = {key: value for key, value in document["components"].items() if key != "schemas"}
    menu = [  # pages and bundles lead to others
        (o.id, o.method, o.path, o.policy.page, o.policy.scope, o.policy.versioned, o.summary, o.deprecated)
        for o in site.operations
    ]
    told = repr((replace(options, evidence=None, sources=None, processes=1), site.contract.errors, site.catalogue))
    return _digest([others, components, menu, told, *_code()])


def _code() -> Iterator[str]:
    for room in CODE:
        for file in sorted((ROOT / room).rglob("*")):
            if file.is_file() and file.parent.name != "__pycache__":
                yield sha256(file.read_bytes()).hexdigest()


def _digest(value: Any) -> str:
    return sha256(json.dumps(value, default=repr).encode()).hexdigest()


def _link(former: Path, file: Path) -> None:
    """One file in both folders, where the system can."""
    try:
        os.link(former, file)
    except OSError:
        shutil.copyfile(former, file)
