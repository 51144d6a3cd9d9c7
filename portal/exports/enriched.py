"""The contract for Redoc, Scalar and Fumadocs: what our pages tell beside it, in the places where they look for it."""

import copy
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from contract.loader import Contract
from portal.model import Effect, Operation, Refusal, Site
from portal.samples import Sample, samples

Json = Any

# As GitHub's linguist calls them, which is how viewers choose the colours.
LINGUIST = {
    "curl": "Shell",
    "typescript": "TypeScript",
    "tanstack": "TypeScript",
    "javascript": "JavaScript",
    "python": "Python",
    "go": "Go",
    "java": "Java",
    "kotlin": "Kotlin",
    "swift": "Swift",
    "csharp": "C#",
}
SCOPES = {"public": "green", "user": "blue", "creator": "purple", "admin": "red", "dev": "gray"}


def located(contract: Contract, server: str) -> Contract:
    """The same contract with a whole address of the API, for who reads it elsewhere than from the API itself."""
    return replace(contract, document=contract.document | {"servers": [{"url": server}]})


def enriched(site: Site, origin: str, made: Mapping[str, Sequence[Sample]] | None = None) -> Contract:
    """The same contract with more to show; its ``as_json`` and ``as_yaml`` are the files. Stays OpenAPI 3.0.3.

    ``made``: samples that were made for ``origin`` already, by operationId.
    """
    document = copy.deepcopy(site.contract.document)
    document["servers"] = [{"url": origin + site.base_path}]
    _group(document)
    for operation in site.operations:
        target = document["paths"][operation.path][operation.policy.method]
        target["description"] = _description(operation)
        target["x-badges"] = list(_badges(operation))
        target["x-codeSamples"] = [
            {"lang": LINGUIST[sample.key], "label": sample.title, "source": sample.text}
            for sample in (made[operation.id] if made else samples(operation, origin))
        ]
    return replace(site.contract, document=document)


def _group(document: Json) -> None:
    """A viewer hides the tags that no group names."""
    groups = document.setdefault("x-tagGroups", [])
    grouped = {name for group in groups for name in group["tags"]}
    groups.extend(
        {"name": name, "tags": [name]} for name in (t["name"] for t in document["tags"]) if name not in grouped
    )


def _badges(operation: Operation) -> Iterator[Json]:
    policy = operation.policy
    yield {"name": policy.scope, "color": SCOPES[policy.scope]}
    if policy.permission:
        yield {"name": policy.permission, "color": "red"}
    if policy.rate:
        yield {"name": operation.document["x-biore-rate-limit"], "color": "gray"}
    if policy.captcha:
        yield {"name": "captcha", "color": "orange"}
    if policy.idempotent:
        yield {"name": "Idempotency-Key", "color": "gray"}
    if policy.versioned and policy.versioned.taken:
        yield {"name": "If-Match", "color": "gray"}
    if policy.dry_run:
        yield {"name": "dryRun", "color": "gray"}
    if policy.kill_switch:
        yield {"name": policy.kill_switch.key.name, "color": "orange"}


def _description(operation: Operation) -> str:
    parts = [str(operation.document.get("description", "")).rstrip()]
    if operation.effects:
        parts.append("\n".join(("**Side effects**", "", *map(_effect, operation.effects))))
    own = [refusal for refusal in operation.refusals if refusal.own]
    if own:
        parts.append("\n".join(("**Errors**", "", *map(_refusal, own))))
    return "\n\n".join(part for part in parts if part) + "\n"


def _effect(effect: Effect) -> str:
    what = ", ".join(f"`{name}`" for name in effect.what)
    notes = "; ".join(note for note in (effect.when, "atomic" if effect.atomic else None) if note)
    return f"- {effect.kind} {what}{f' ({notes})' if notes else ''}: {effect.text}"


def _refusal(refusal: Refusal) -> str:
    return f"- {refusal.status} `{refusal.code}`: {refusal.meaning}"
