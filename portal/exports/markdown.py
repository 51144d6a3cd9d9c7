"""Each page as Markdown, in English: the same seven parts, for people at a terminal and for language models."""

import re
from collections.abc import Iterator, Sequence
from html import unescape
from typing import Any

from markupsafe import Markup

from contract.loader import DOORS
from contract.policy import Cache, Fresh, Policy
from portal import guides, pages
from portal.guides.links import Target, untied
from portal.markup import as_json, literal
from portal.model import Body, Effect, Field, Module, Operation, Refusal, Site, Success
from portal.words import Words

SIDE_EFFECTS = {"write": "writes", "job": "queues", "audit": "audit"}
PLACES = ("path", "query", "header", "cookie")
CODE = re.compile(r"<code[^>]*>(.*?)</code>", re.DOTALL)
# Blank lines in a row, but not those of an example.
LOOSE = re.compile(r"(?s)(```.*?\n```)|\n{3,}")


class Markdown:
    """``words`` are English; ``samples`` by operationId. Addresses are whole: who reads this is not on the page.

    ``public``: without what only operators need.
    """

    def __init__(self, site: Site, words: Words, samples: Any, origin: str, public: bool = False) -> None:
        self.origin = origin
        self._public = public
        self._site = site
        self._words = words.plain
        self._rules = words
        self._samples = samples
        self._made: dict[str, str] = {}

    def operation(self, operation: Operation) -> str:
        """Made once: it is a file, and part of the file of all."""
        if operation.id not in self._made:
            self._made[operation.id] = self._operation(operation)
        return self._made[operation.id]

    def take(self, operation: Operation, text: str) -> None:
        """The Markdown of ``operation`` as a former build wrote it."""
        self._made[operation.id] = text

    def _operation(self, operation: Operation) -> str:
        parts = (
            self._header(operation),
            self._request(operation),
            self._response(operation),
            self._errors(operation.refusals),
            self._effects(operation.effects),
            self._code(operation),
            () if self._public else self._operators(operation),
        )
        text = "\n".join(line for part in parts for line in part).rstrip() + "\n"
        return LOOSE.sub(lambda found: found[1] or "\n\n", text)

    def module(self, module: Module) -> str:
        lines = [f"# {module.title}", "", module.description.strip(), ""]
        return "\n".join([*lines, *(self.link(operation) for operation in module.operations)]) + "\n"

    def conventions(self) -> str:
        info = self._site.contract.document["info"]
        lines = [f"# {self._words('conventions.title')}", "", info["description"].strip(), *self._doors()]
        return "\n".join(lines) + "\n"

    def _doors(self) -> Iterator[str]:
        for name, key in DOORS.items():
            door = self._site.contract.document.get(key)
            if not door:
                continue
            yield f"\n## {self._words(f'conventions.{name}')}"
            for operation in door["operations"]:
                codes = ", ".join(f"`{code}`" for code in operation["errors"])
                yield f"\n### `{operation['method']} {door['path']}`\n\n{operation['summary']}.\n"
                yield f"{operation['description'].strip()}\n\n{self._words('errors.title')}: {codes}"

    def errors(self) -> str:
        rows = [
            (f"`{code}`", entry["status"], entry["message"], self._site.meaning(code))
            for code, entry in sorted(self._site.contract.errors.items())
        ]
        heads = [self._words(f"errors.{name}") for name in ("code", "status", "message")]
        lines = table((*heads, self._words("config.meaning")), rows)
        return "\n".join([f"# {self._words('errors.title')}", "", self._words("errors.lead"), "", *lines]) + "\n"

    def link(self, operation: Operation) -> str:
        address = f"{self.origin}{pages.operation_path(operation)}.md"
        return f"- [{operation.summary}]({address}): `{operation.method} {self._site.base_path}{operation.path}`"

    def guide(self, guide: guides.Guide) -> str:
        return self._placed(f"# {guide.title}\n\n{guide.description}\n\n{guide.body}")

    def guide_link(self, guide: guides.Guide) -> str:
        address = f"{self.origin}{pages.guide_path(guide.slug)}.md"
        return f"- [{guide.title}]({address}): {untied(guide.description)}"

    def _placed(self, text: str) -> str:
        return guides.placed(text, self.origin, self._site.base_path, self._target)

    def _target(self, target: Target) -> str:
        return f"{self.origin}{pages.target_path(self._site, target, '.md')}"

    def _header(self, operation: Operation) -> Iterator[str]:
        policy = operation.policy
        yield f"# {operation.summary}"
        yield f"\n`{operation.method} {self._site.base_path}{operation.path}`\n"
        if operation.deprecated:
            yield f"**{self._words('deprecatedNote')}**\n"
        yield f"{operation.description.strip()}\n"
        yield f"- {self._words('facts.operation')}: `{operation.id}`"
        yield f"- {self._words('facts.scope')}: {self._words(f'scope.{policy.scope}')}"
        if policy.permission:
            yield f"- {self._words('facts.permission')}: `{policy.permission}`: {self._permission(operation)}"
        yield f"- {self._words('facts.rate')}: {self._rate(operation)}"
        if policy.captcha:
            asked = "facts.captchaYes" if policy.captcha_of_all else "facts.captchaAnonymous"
            yield f"- {self._words('facts.captcha')}: {self._words(asked)}"
        if policy.idempotent:
            yield f"- {self._words('facts.idempotency')}: {self._words('facts.idempotencyYes')}"
        if policy.cursor:
            told = self._words("facts.pagesText", next="`nextCursor`", cursor="`cursor`")
            yield f"- {self._words('facts.pages')}: {told}"
        if policy.cache:
            yield f"- {self._words('facts.cache')}: {self._kept(policy.cache)}. {self._words('facts.cacheAgain')}"
        if policy.dry_run:
            yield f"- {self._words('facts.dryRun')}: {self._words('facts.dryRunText')}"
        if policy.versioned:
            yield f"- {self._words('facts.version')}: {self._version(policy)}"
        if operation.body:
            yield f"- {self._words('facts.body')}: {self._words('facts.bodyBytes', kib=operation.body.limit // 1024)}"
        if policy.fresh != Fresh():
            yield f"- {self._words('facts.fresh')}: {self._fresh(operation)}"

    def _kept(self, cache: Cache) -> str:
        times = {"time": str(self._rules.window(cache.shared))}
        if cache.stale is not None:
            times["more"] = str(self._rules.window(cache.stale))
        kept = self._words("facts.cacheFor" if cache.stale is None else "facts.cacheStale", **times)
        kept += f". {self._words('facts.cacheBrowsers')}" if cache.browsers else ""
        return kept + (f". {self._words('facts.cacheVersion', name=f'`{cache.version}`')}" if cache.version else "")

    def _version(self, policy: Policy) -> str:
        codes = {
            name: f"`{code}` ({policy.statuses[code]})"
            for name, code in (("required", "precondition.required"), ("failed", "precondition.failed"))
            if code in policy.statuses
        }
        taken = [self._words("facts.versionTaken", **codes)] if codes else []
        told = [self._words("facts.versionTold")] if policy.versioned and policy.versioned.told else []
        return "; ".join((*taken, *told))

    def _permission(self, operation: Operation) -> str:
        permissions, name = self._site.contract.permissions, operation.policy.permission or ""
        if name not in permissions.known:
            return self._words("facts.permissionStaff")
        denied = "admin.permission_denied"
        roles = ", ".join(f"`{role}`" for role in operation.roles)
        told = {"roles": roles, "code": f"`{denied}`", "status": operation.policy.statuses[denied]}
        return f"{permissions.known[name].meaning} {self._words('facts.permissionText', **told)}"

    def _fresh(self, operation: Operation) -> str:
        policy = operation.policy
        if policy.fresh.body:
            return self._words("facts.freshBody")
        code = policy.fresh_code
        status = policy.statuses[code]
        words = "facts.freshPassword" if policy.fresh.password else "facts.freshAlways"
        told = self._words(words, key=f"`{operation.fresh_key}`", code=f"`{code}`", status=status)
        return f"{told} ({self._words('effects.when')} {policy.fresh.when})" if policy.fresh.when else told

    def _rate(self, operation: Operation) -> str:
        rate = operation.policy.rate
        if rate is None:
            return self._words("rate.none")
        window = str(self._rules.window(rate.window))
        counted = self._words(operation.counted_by)
        return f"{self._words('rate', limit=rate.limit, window=window)} ({self._words('facts.countedBy')}: {counted})"

    def _request(self, operation: Operation) -> Iterator[str]:
        yield f"\n## {self._words('request.title')}\n"
        if not operation.parameters and not operation.body:
            yield self._words("request.none")
        if operation.parameters:
            yield f"### {self._words('parameters')}\n"
            yield from self._fields(operation.parameters)
        if operation.body:
            yield f"\n### {self._words('request.body')}\n"
            if (raw := operation.policy.raw_body) is not None:
                types = ", ".join(f"`{name}`" for name in raw.types)
                yield self._words("request.form" if raw.form else "request.bytes", types=types) + "\n"
            if operation.body.fields:
                yield from self._fields(operation.body.fields)
            yield from [f"\n```\n{operation.body.sent}\n```"] if operation.body.raw else _json(operation.body.example)

    def _response(self, operation: Operation) -> Iterator[str]:
        yield f"\n## {self._words('response.title')}\n"
        for success in operation.successes:
            yield f"### {success.status}\n\n{success.description}\n"
            yield from self._answer(operation, success)

    def _answer(self, operation: Operation, success: Success) -> Iterator[str]:
        if success.body:
            if operation.policy.bare:
                yield f"{self._words('envelope.bare', type=f'`{success.body.media_type}`')}\n"
            yield from self._body(success.body)
        for header in success.headers:
            yield f"- `{header.name}`: {' '.join(header.description.split())}"

    def _body(self, body: Body) -> Iterator[str]:
        for variant in body.variants:
            yield f"#### {variant.name}\n"
            yield from self._fields(variant.fields)
            yield from _json(variant.example)
        if not body.variants:
            if body.fields:
                yield from self._fields(body.fields)
            yield from _text(body.example) if body.is_text else _json(body.example)

    def _fields(self, fields: Sequence[Field]) -> Iterator[str]:
        heads = [self._words(key) for key in ("fields.name", "fields.type", "fields.description")]
        rows = [
            (f"`{field.path}`", ", ".join(self._kind(field)), f"{field.description} {self._told(field)}".strip())
            for top in fields
            for field in top.walk()
        ]
        yield from table(heads, rows)

    def _kind(self, field: Field) -> Iterator[str]:
        yield field.type
        if field.location in PLACES:
            yield field.location
        yield self._words("required" if field.required else "js.optional")

    def _told(self, field: Field) -> str:
        """Its rules, as a sentence."""
        told = "; ".join(self._rules_of(field))
        return f"{told[0].upper()}{told[1:]}." if told else ""

    def _rules_of(self, field: Field) -> Iterator[str]:
        if field.enum:
            yield _plain(self._rules.one_of(field.enum))
        for rule in field.rules:
            yield _plain(self._rules.rule(rule))
        if field.nullable:
            yield self._words("rule.nullable")
        if field.has_default:
            yield self._words("rule.default", limit=_span(literal(field.default)))

    def _errors(self, refusals: Sequence[Refusal]) -> Iterator[str]:
        yield f"\n## {self._words('errors.title')}\n\n{self._words('errors.key')}\n"
        heads = [self._words(key) for key in ("errors.status", "errors.code", "errors.message")]
        rows = [(refusal.status, f"`{refusal.code}`", refusal.message, refusal.meaning) for refusal in refusals]
        yield from table((*heads, self._words("config.meaning")), rows)
        for refusal in refusals:
            if refusal.own:
                yield f"\n### {refusal.status} `{refusal.code}`"
                yield from _json(refusal.example)

    def _effects(self, effects: Sequence[Effect]) -> Iterator[str]:
        yield f"\n## {self._words('effects.title')}\n"
        if not effects:
            yield self._words("effects.none")
        for effect in effects:
            when = f" {self._words('effects.when')}: {effect.when}." if effect.when else ""
            atomic = f" {self._words('effects.atomic')}" if effect.atomic else ""
            kept = f"{self._words('audit')}: " if effect.kind == "audit" else ""
            yield f"- {kept}{effect.text}{when}{atomic}"

    def _operators(self, operation: Operation) -> Iterator[str]:
        """What is of no use to those who call."""
        policy = operation.policy
        if policy.kill_switch or operation.effects or operation.managed_by:
            yield f"\n## {self._words('operators.title')}\n"
        if policy.kill_switch:
            switch, code = policy.kill_switch.key.name, policy.kill_switch.error
            status = policy.statuses[code]
            told = self._words(operation.kill_switch_text, key=f"`{switch}`", code=f"`{code}`", status=status)
            yield f"- {self._words('facts.killSwitch')}: {told}"
        for effect in operation.effects:
            yield f"- {self._words(SIDE_EFFECTS[effect.kind])} {', '.join(f'`{name}`' for name in effect.what)}"
        for key in operation.managed_by:
            yield f"- {self._words('facts.managed')}: `{key.name}` = `{literal(key.default)}`: {key.meaning}"

    def _code(self, operation: Operation) -> Iterator[str]:
        if self._samples[operation.id]:
            yield f"\n## {self._words('samples.title')}"
        for sample in self._samples[operation.id]:
            yield f"\n### {sample.title}\n\n```{sample.lexer}\n{sample.text.rstrip()}\n```"


def _plain(html: Markup) -> str:
    """Words with what is to be typed between backticks again."""
    return unescape(CODE.sub(lambda found: _span(found[1]), str(html)))


def _span(text: str) -> str:
    """Code within a line, whatever backticks it holds."""
    fence = "`" * (max(map(len, re.findall("`+", text)), default=0) + 1)
    edge = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{edge}{text}{edge}{fence}"


def _json(value: Any) -> Iterator[str]:
    yield f"\n```json\n{as_json(value)}\n```\n"


def _text(value: str) -> Iterator[str]:
    yield f"\n```\n{value.rstrip()}\n```\n"


def table(heads: Sequence[str], rows: Sequence[Sequence[Any]]) -> Iterator[str]:
    """Its lines; a cell may hold what would end it."""
    yield f"| {' | '.join(heads)} |"
    yield f"|{'---|' * len(heads)}"
    for row in rows:
        yield f"| {' | '.join(_cell(value) for value in row)} |"


def _cell(value: Any) -> str:
    return " ".join(str(value).replace("|", "\\|").split())
