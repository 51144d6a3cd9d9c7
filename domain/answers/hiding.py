"""No secret and no clear address in what people read: lines of the log, errors of jobs, details of the audit log."""

import re
from collections.abc import Mapping
from typing import Any

SECRET_KEYS = re.compile(r"password|secret|token|authorization|cookie|email|^to$|recipient", re.IGNORECASE)
# A pattern that may begin at each character of a word takes a time that grows with the square of its length. So these
# two take words as a whole, whether there is something to hide in them or not.
ADDRESS = re.compile(r"([A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]++)(@[\w-]++(?:\.[\w-]++)+)?")
DOTTED = re.compile(r"[A-Za-z0-9_.-]++")
JWT_HEAD, SHORTEST_HEAD = "eyJ", 11
CREDENTIALS = re.compile(r"(?<=://)[^/@\s:]*:[^/@\s]*(?=@)")
QUERY_TOKEN = re.compile(r"(?<=token=)[^&\s\"']+")
PARAMETERS = re.compile(r"(?<=\[parameters: ).*?(?=\]\s*$|\]\n|\Z)|(?<=DETAIL:  ).*", re.DOTALL)
HIDDEN = "(hidden)"


def cleaned(key: str, value: Any) -> Any:
    """What may be shown of a value, by the name it has and by its look."""
    if SECRET_KEYS.search(key) and key != "event":
        return HIDDEN
    if isinstance(value, Mapping):
        return {str(name): cleaned(str(name), inner) for name, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [cleaned("", inner) for inner in value]
    return value if value is None or isinstance(value, (bool, int, float)) else hide(str(value))


def hide(text: str) -> str:
    text = CREDENTIALS.sub(HIDDEN, PARAMETERS.sub(HIDDEN, text))
    if "@" in text:
        text = ADDRESS.sub(lambda word: HIDDEN if word[2] else word[0], text)
    if JWT_HEAD in text:
        text = DOTTED.sub(_without_jwt, text)
    return QUERY_TOKEN.sub(HIDDEN, text)


def _without_jwt(word: re.Match[str]) -> str:
    """Three parts with dots between them, of which the last may be empty. The first one may begin within a word."""
    parts, kept, at = word[0].split("."), [], 0
    while at < len(parts):
        head, found, _ = parts[at].partition(JWT_HEAD)
        if found and len(parts[at]) - len(head) >= SHORTEST_HEAD and at + 2 < len(parts) and parts[at + 1]:
            kept.append(head + HIDDEN)
            at += 3
        else:
            kept.append(parts[at])
            at += 1
    return ".".join(kept)
