"""The types of a use case, those among them that are never loaded while the program runs."""

import ast
import inspect
import sys
from collections.abc import Mapping
from functools import cache
from typing import Any, get_type_hints


@cache
def _for_types_only(module: str) -> Mapping[str, Any]:
    """What a module imports below ``if TYPE_CHECKING:``."""
    found: dict[str, Any] = {}
    for node in ast.parse(inspect.getsource(sys.modules[module])).body:
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            exec(compile(ast.Module(node.body, type_ignores=[]), module, "exec"), found)  # noqa: S102 - our own imports
    return found


def hints(function: Any) -> Mapping[str, Any]:
    return get_type_hints(function, {**_for_types_only(function.__module__), **function.__globals__})
