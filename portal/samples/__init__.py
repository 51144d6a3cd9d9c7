"""Code samples of an operation, ready to paste, made from the contract."""

from dataclasses import dataclass
from functools import cached_property
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


@dataclass(frozen=True)
class Sample:
    key: str
    title: str
    lexer: str
    parts: tuple[Part, ...]

    @cached_property
    def text(self) -> str:
        """What runs."""
        return text(self.parts)

    @cached_property
    def html(self) -> str:
        """The same, highlighted, with slots and the parts that have no value yet; exports do without."""
        return highlighted(self.parts, self.lexer)


def samples(operation: Operation, origin: str, values: Values | None = None) -> tuple[Sample, ...]:
    """One per language, filled with ``values`` or else with the contract's examples."""
    given = values or examples(operation)
    return tuple(_sample(language, operation, origin, given) for language in LANGUAGES)


def texts(operation: Operation, origin: str, values: Values | None = None) -> dict[str, str]:
    """The texts of ``samples`` by language."""
    return {sample.key: sample.text for sample in samples(operation, origin, values)}


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
    return Sample(key, language.TITLE, language.LEXER, _parts(key, _call(key, operation, origin, values)))
