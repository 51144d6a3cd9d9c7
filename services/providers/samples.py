"""Providers tried for real, with a sample: by staff, and by the tools of development and staging."""

import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any
from uuid import uuid4

from contract.texts import Texts
from domain.admin import not_found
from domain.admin.providers import NONE, Outcome, Sample, Try
from domain.auth.sms import Sms
from providers.leaked_passwords.pwned_passwords import KNOWN
from providers.ports import ProviderRejected, ProviderUnavailable
from providers.registry import Providers
from services.mailer import render

TEST_SECONDS = 15.0
CONTENT = b"TEST of BIO.RE"

Told = tuple[Outcome, str | None]
Act = Callable[[str, Sample], Awaitable[Told]]


class ProviderSamples:
    """Calls count as any others: a provider that fails here fails elsewhere, too."""

    def __init__(self, providers: Providers, texts: Texts) -> None:
        self._providers = providers
        self._texts = texts
        self._acts: Mapping[str, Act] = {
            "captcha": self._captcha,
            "email": self._email,
            "geoip": self._geoip,
            "leaked_passwords": self._leaked_passwords,
            "sms": self._sms,
            "storage": self._storage,
        }

    async def try_out(self, family: str, sample: Sample, provider: str | None = None) -> list[Try]:
        """With one provider, or with those that are chosen, until one of them decides.

        Raises ApiError admin.not_found.
        """
        if family not in self._acts:
            raise not_found("family")
        tries = list[Try]()
        for name in self._asked(family, provider):
            tries.append(await self._try(family, name, sample))
            if tries[-1].outcome != "UNAVAILABLE":
                break
        return tries

    def _asked(self, family: str, provider: str | None) -> list[str]:
        found: Any = getattr(self._providers, family)
        known = [name for name in found.active_provider.choices if name != NONE]
        if provider is not None:
            if provider not in known:
                raise not_found("provider")
            return [provider]
        chosen = dict.fromkeys((found.active_name, *found.stand_ins))
        return [name for name in chosen if name != NONE]

    async def _try(self, family: str, name: str, sample: Sample) -> Try:
        began = time.perf_counter()
        try:
            async with asyncio.timeout(TEST_SECONDS):
                outcome, reason = await self._acts[family](name, sample)
        except ProviderRejected as refusal:
            outcome, reason = "REJECTED", str(refusal)
        except ProviderUnavailable as fault:
            outcome, reason = "UNAVAILABLE", str(fault)
        except TimeoutError:
            outcome, reason = "UNAVAILABLE", f"no answer within {TEST_SECONDS:g} seconds"
        return Try(name, outcome, reason, time.perf_counter() - began)

    async def _email(self, name: str, sample: Sample) -> Told:
        mail = render(self._texts, uuid4(), "provider_test", sample.to, sample.locale, "", {"provider": name})
        with self._providers.watch.call("email", name):
            await self._providers.email.adapter(name).send(mail)
        return "OK", None

    async def _sms(self, name: str, sample: Sample) -> Told:
        text = self._texts.say(sample.locale, "messages", "sms.provider_test", provider=name)
        with self._providers.watch.call("sms", name):
            await self._providers.sms.adapter(name).send(Sms(uuid4(), sample.to, text, sample.locale))
        return "OK", None

    async def _captcha(self, name: str, sample: Sample) -> Told:
        with self._providers.watch.call("captcha", name) as ending:
            proven = await self._providers.captcha.adapter(name).verify(sample.token, None)
            ending.outcome = "ok" if proven else "rejected"
        return ("OK", None) if proven else ("REJECTED", "the token is not accepted")

    async def _geoip(self, name: str, sample: Sample) -> Told:
        country = await self._providers.geoip.adapter(name).country(sample.address, None)
        return ("OK", country) if country is not None else ("REJECTED", "the country is not known")

    async def _leaked_passwords(self, name: str, sample: Sample) -> Told:
        with self._providers.watch.call("leaked_passwords", name):
            known = await self._providers.leaked_passwords.adapter(name).holds(KNOWN)
        return ("OK", "a password that everybody knows is found") if known else ("REJECTED", "it is not found")

    async def _storage(self, name: str, sample: Sample) -> Told:
        """A file of nobody, which is gone afterwards."""
        storage, key = self._providers.storage.of(name), f"documents/{uuid4()}/{uuid4()}.pdf"
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "test"
            await asyncio.to_thread(file.write_bytes, CONTENT)
            try:
                await storage.put(key, "application/pdf", file)
                async with storage.read(key) as pieces:
                    kept = b"".join([piece async for piece in pieces])
            finally:
                await storage.delete(key)
        if kept != CONTENT:
            return "REJECTED", "the file that was read is not the one that was stored"
        return "OK", "a file was stored, read and deleted"
