"""Mails: words from the locales, one layout, the active provider with its failover."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from string import Formatter
from typing import Any
from uuid import UUID

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from contract.texts import DEFAULT, LOCALES, RIGHT_TO_LEFT, Texts
from domain.admin import not_found
from domain.config_keys import Config
from domain.jobs import Job
from domain.locales import SUPPORTED_LOCALES
from domain.mailed_pages import RESET_PASSWORD, UNDO_CHANGE, Link
from domain.mails import Attempt, Mail
from domain.platform.mail_templates import FURTHER, UNDOABLE, sample_of
from domain.topics import Topic
from domain.wire.admin import MailSample
from persistence.engine.database import Database
from providers.families.messages import EmailFamily
from providers.ports import ProviderRejected

PARTS = ("subject", "heading", "body", "button", "footer")
NOBODYS = UUID(int=0)


class MailStorage:
    """The development mailbox, as the provider that fills it sees it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, mail: Mail) -> None:
        async with self._database.unit() as db:
            await db.mailbox.add(mail)


class Mailer:
    """Of one job: ``attempts`` are recorded with its end, and each is told to ``watch`` at once."""

    def __init__(self, email: EmailFamily, texts: Texts, config: Config, watch: Callable[[Attempt], None]) -> None:
        self._email = email
        self._texts = texts
        self._config = config
        self._watch = watch
        self.attempts: list[Attempt] = []

    async def send(
        self,
        job: Job[Topic],
        template: str,
        *,
        to: str,
        locale: str | None,
        link: Link | None = None,
        undo: Link | None = None,
        notes: Sequence[str] = (),
        reply_to: str | None = None,
        unsubscribe: str | None = None,
        **variables: Any,
    ) -> None:
        """Raises ProviderUnavailable or ProviderRejected."""
        spoken = locale or self._config[SUPPORTED_LOCALES][0]
        first, second = (target.written(self._config, spoken) if target else "" for target in (link, undo))
        mail = render(self._texts, job.id, template, to, spoken, first, variables, second, notes)
        await self._email.send(replace(mail, reply_to=reply_to, unsubscribe=unsubscribe), self._record)

    async def reach(self, job: Job[Topic], template: str, **options: Any) -> bool:
        """As ``send``, but False where the mail is refused for good. Raises ProviderUnavailable."""
        try:
            await self.send(job, template, **options)
        except ProviderRejected:
            return False
        return True

    def _record(self, attempt: Attempt) -> None:
        self.attempts.append(attempt)
        self._watch(attempt)


def render(
    texts: Texts,
    mail_id: UUID,
    template: str,
    to: str,
    locale: str,
    link: str,
    variables: dict[str, Any],
    undo: str = "",
    notes: Sequence[str] = (),
) -> Mail:
    """``template`` names the keys ``<template>.subject`` … in ``mails.json``, of which a footer may be left out.

    ``notes`` are keys of further sentences. ``undo``: where the reader goes who did not do what the mail tells. For an
    empty variable its ``mail.unknown.<name>`` of ``messages.json`` is said.
    """
    empty = [name for name, value in variables.items() if value == ""]
    variables = variables | {name: texts.say(locale, "messages", f"mail.unknown.{name}") for name in empty}
    known = texts.namespace(DEFAULT, "mails")
    keys = {part: f"{template}.{part}" for part in PARTS if part != "button" or link}
    keys |= {"undo": "not_me.footer", "not_me": "not_me.button"} if undo else {}
    words = {part: texts.say(locale, "mails", key, **variables) for part, key in keys.items() if key in known}
    said = [texts.say(locale, "mails", note, **variables) for note in notes]
    direction = "rtl" if locale in RIGHT_TO_LEFT else "ltr"
    given = {"words": words, "notes": said, "link": link, "undo": undo, "locale": locale, "direction": direction}
    shown = _layouts.get_template("mail.html").render(**given)
    lines = [words["heading"], words["body"], *said, link, words.get("footer"), words.get("undo"), undo]
    return Mail(mail_id, to, words["subject"], "\n\n".join(filter(None, lines)) + "\n", shown, locale)


_layouts = Environment(loader=FileSystemLoader(LOCALES), autoescape=True, undefined=StrictUndefined)


class MailTemplates:
    """The mails that there are, for who looks at them before anybody gets one."""

    def __init__(self, texts: Texts, config: Config) -> None:
        self._texts = texts
        self._config = config

    def all(self) -> Mapping[str, tuple[str, Sequence[str]]]:
        """By name: the English subject, and the variables of all sentences."""
        subjects = {name: self._texts.say(DEFAULT, "mails", f"{name}.subject") for name in self._names()}
        return {name: (subject, self._variables(self._keys(name))) for name, subject in subjects.items()}

    def preview(self, name: str, locale: str, sample: MailSample) -> Mail:
        """With all sentences that it may have. Raises ApiError admin.not_found."""
        if name not in self._names():
            raise not_found("template")
        keys = self._keys(name)
        notes = [key for key in keys if not self._is_part(name, key)]
        known = self._texts.namespace(DEFAULT, "messages")
        variables = {
            variable: sample_of(variable, sample, may_be_unknown=f"mail.unknown.{variable}" in known)
            for variable in self._variables(keys)
        }
        token = "example"  # noqa: S105 - which opens nothing
        link = RESET_PASSWORD.link(token).written(self._config, locale) if f"{name}.button" in self._words else ""
        undo = UNDO_CHANGE.link(token).written(self._config, locale) if name in UNDOABLE else ""
        return render(self._texts, NOBODYS, name, "", locale, link, variables, undo, notes)

    @property
    def _words(self) -> Mapping[str, str]:
        return self._texts.namespace(DEFAULT, "mails")

    def _names(self) -> list[str]:
        return sorted(key.removesuffix(".subject") for key in self._words if key.endswith(".subject"))

    def _keys(self, name: str) -> list[str]:
        beginnings = (f"{name}.", *FURTHER.get(name, ()), *(("not_me.footer",) if name in UNDOABLE else ()))
        return [key for key in self._words if key.startswith(beginnings)]

    @staticmethod
    def _is_part(name: str, key: str) -> bool:
        return key in {f"{name}.{part}" for part in PARTS} or key.startswith("not_me.")

    def _variables(self, keys: Sequence[str]) -> list[str]:
        found = (field for key in keys for _, field, _, _ in Formatter().parse(self._words[key]))
        return sorted({field for field in found if field})
