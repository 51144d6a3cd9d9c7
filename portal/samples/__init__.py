"""Code samples of an operation, ready to paste, made from the contract."""

from dataclasses import dataclass
from types import ModuleType

from portal.model import Operation
from portal.samples import csharp, curl, go, java, javascript, kotlin, python, swift, tanstack, typescript
from portal.samples.call import Call, Values, examples
from portal.samples.highlight import highlighted
from portal.samples.parts import Part, text

LANGUAGES: dict[str, ModuleType] = {
    "curl": curl,
    "javascript": javascript,
    "typescript": typescript,
    "tanstack": tanstack,
    "python": python,
    "go": go,
    "java": java,
    "kotlin": kotlin,
    "swift": swift,
    "csharp": csharp,
}
NOTES = {"curl": "#", "python": "#"}  # how a comment begins; elsewhere with two strokes
WALKING = frozenset({"tanstack"})  # whose samples walk by themselves
FURTHER = "The next page: the same call with cursor=<nextCursor>, until it is null."
# They are written as JavaScript writes its values.
SAME_LITERALS = {"typescript": "javascript", "tanstack": "javascript"}


@dataclass(frozen=True, slots=True)
class Sample:
    """``text``: what runs; ``html``: the same, highlighted, with slots and the parts that have no value yet."""

    key: str
    title: str
    lexer: str
    text: str
    html: str


def samples(operation: Operation, origin: str, values: Values | None = None) -> tuple[Sample, ...]:
    """One per language, filled with ``values`` or else with the contract's examples."""
    given = values or examples(operation)
    return tuple(_sample(language, operation, origin, given) for language in LANGUAGES)


def texts(operation: Operation, origin: str, values: Values | None = None) -> dict[str, str]:
    """As ``samples``, without the markup: language -> text."""
    given = values or examples(operation)
    calls = {language: _call(language, operation, origin, given) for language in LANGUAGES}
    return {language: text(_parts(language, call)) for language, call in calls.items()}


def _parts(key: str, call: Call) -> tuple[Part, ...]:
    """What runs, and how to walk on from there."""
    told = call.operation.policy.cursor is not None and key not in WALKING
    note = (f"\n{NOTES.get(key, '//')} {FURTHER}\n",) if told else ()
    return (*LANGUAGES[key].parts(call), *note)


def _call(language: str, operation: Operation, origin: str, values: Values) -> Call:
    if operation.body and not operation.body.raw and operation.body.media_type != "application/json":
        raise ValueError(f"{operation.id}: no sample sends {operation.body.media_type}; teach portal/samples/ how")
    return Call(operation, origin, values, SAME_LITERALS.get(language, language))


def _sample(key: str, operation: Operation, origin: str, values: Values) -> Sample:
    language = LANGUAGES[key]
    parts = _parts(key, _call(key, operation, origin, values))
    return Sample(key, language.TITLE, language.LEXER, text(parts), highlighted(parts, language.LEXER))
