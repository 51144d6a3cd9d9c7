"""The deployment's secrets, and what is sealed under them."""

import stat
from collections.abc import Mapping
from math import ceil

from domain.auth import REFRESH_IDLE_DAYS
from domain.auth.changes import UNDO_HOURS
from domain.gdpr import EXPORT_TTL_HOURS
from jobs.housekeeping import KEPT
from persistence import health
from persistence.repositories import Repositories
from runtime.doctor.deployment import Deployment
from runtime.doctor.verdict import Verdict, fail, ok, warn
from runtime.settings import MIN_SECRET, PREFIX
from services import platforms as oauth
from services import signing_keys as signing
from services.config import writing as config
from services.config.catalogue import is_secret

# Random text holds none of them; what people copy from a page or make up in a hurry does.
PLACEHOLDERS = ("change", "default", "example", "insecure", "password", "placeholder", "secret", "0123456789")
FEWEST_CHARACTERS = 10
MAKE_ONE = "python3 -c 'import secrets; print(secrets.token_urlsafe(48))'"
CONFIG_VALUES = "config values"
UNKNOWN = "?"

Kids = Mapping[str, Mapping[str, int]]


def secret(deployment: Deployment) -> Verdict:
    if not deployment.secrets:
        made = warn("there is none yet", "`biore serve` makes it when it starts")
        return made if deployment.settings.development else fail("there is none", f"set {PREFIX}SECRET_KEY")
    remedy = f"set {PREFIX}SECRET_KEY to `new,old`, the new one made by {MAKE_ONE}"
    weak = [why for text in deployment.secrets[:1] if (why := _weakness(text))]
    if not weak:
        return ok(f"{MIN_SECRET} characters or more, and {len(deployment.secrets) - 1} retired")
    return warn(weak[0], remedy) if deployment.settings.development else fail(weak[0], remedy)


def _weakness(text: str) -> str:
    if len(text) < MIN_SECRET:
        return f"it is shorter than {MIN_SECRET} characters"
    if len(set(text)) < FEWEST_CHARACTERS:
        return f"it is made of fewer than {FEWEST_CHARACTERS} different characters"
    known = any(word in text.lower() for word in PLACEHOLDERS)
    return "it looks made up or copied, not random" if known else ""


def secret_file(deployment: Deployment) -> Verdict:
    """Development keeps the one it made where nobody else may read it."""
    settings = deployment.settings
    if settings.secret_key is not None or not settings.development:
        return ok("none: only development makes one")
    if not settings.secret_file.is_file():
        return ok("none yet")
    mode = stat.S_IMODE(settings.secret_file.stat().st_mode)
    if mode & 0o077:
        return fail(f"mode {mode:04o} lets others read it", f"chmod 600 {settings.secret_file}")
    return ok(f"mode {mode:04o}")


async def sealed(deployment: Deployment) -> Verdict:
    """Keys of what there is in great number are only compared; what there is little of is opened."""
    known = set(deployment.parts.keyring.keys(signing.DERIVED))
    told = []
    for place, kids in (await _kids(deployment)).items():
        lost = sum(count for kid, count in kids.items() if kid not in known)
        told += [f"{lost} {place}"] if lost else []
    async with deployment.parts.database.reading() as db:
        told += [f"{name} is damaged" for name in await _damaged(deployment, db, known)]
    if not told:
        return ok("everything can be opened")
    remedy = f"add the secret that is gone to the end of {PREFIX}SECRET_KEY, or set these values anew"
    return fail(f"cannot be opened: {', '.join(told)}", remedy)


async def _damaged(deployment: Deployment, db: Repositories, known: set[str]) -> list[str]:
    """What was sealed under a secret that is there, and is not what was sealed."""
    stored = await db.config.all()
    texts = [(name, config.SEALED, str(stored[name])) for name in stored if is_secret(name)]
    texts += [(f"signing key {row.kid}", signing.SEALED, row.sealed) for row in await db.signing_keys.all()]
    texts += [(row.platform, oauth.SEALED, row.client_secret or "") for row in await db.oauth_providers.all()]
    return [name for name, purpose, text in texts if _kid(text) in known and not _opens(deployment, purpose, text)]


def _opens(deployment: Deployment, purpose: str, text: str) -> bool:
    try:
        deployment.parts.keyring.unseal(purpose, text)
    except ValueError:
        return False
    return True


async def digests(deployment: Deployment) -> Verdict:
    """Nothing brings back what was hashed under a secret that is gone, so it may be what the owner of it wants."""
    known = {*deployment.parts.keyring.keys(signing.DERIVED), UNKNOWN}
    lost = [
        f"{sum(count for kid, count in kids.items() if kid not in known)} {place}"
        for place, kids in (await health.digests(deployment.parts.database)).items()
        if kids.keys() - known
    ]
    if not lost:
        return ok("everything can be recognised")
    remedy = f"add it to the end of {PREFIX}SECRET_KEY, or live with it: codes are refused, addresses may sign up again"
    return warn(f"hashed under a secret that is gone: {', '.join(lost)}", remedy)


async def retired(deployment: Deployment) -> Verdict:
    """Refresh tokens and the like are with their owners: rows tell nothing of them, only time does."""
    config = deployment.parts.config
    _, *old = deployment.parts.keyring.keys(signing.DERIVED)
    used = {number: await _used_for(deployment, kid) for number, kid in enumerate(old, 2)}
    spare = [str(number) for number, places in used.items() if not places]
    if not spare:
        told = "; ".join(f"number {number} for {', '.join(places)}" for number, places in used.items())
        return ok(f"{len(old)} in use: {told}" if old else "none")
    hours = max(config[EXPORT_TTL_HOURS], config[UNDO_HOURS])
    days = max(config[REFRESH_IDLE_DAYS], ceil(hours / 24), KEPT.days)
    remedy = f"unless it is about to come into use, take it out of {PREFIX}SECRET_KEY {days} days after it was retired"
    return warn(f"nothing is kept under number {', '.join(spare)} of {PREFIX}SECRET_KEY", remedy)


async def _used_for(deployment: Deployment, kid: str) -> list[str]:
    """How many of what there is under the key. What may be under it counts."""
    places = dict(await _kids(deployment)) | dict(await health.digests(deployment.parts.database))
    counts = {place: kids.get(kid, 0) + kids.get(UNKNOWN, 0) for place, kids in places.items()}
    return [f"{count} {place}" for place, count in counts.items() if count]


async def _kids(deployment: Deployment) -> Kids:
    """What is sealed -> id of the key -> how many."""
    found = dict(await health.seals(deployment.parts.database))
    async with deployment.parts.database.reading() as db:
        stored = await db.config.all()
    kids: dict[str, int] = {}
    for name in filter(is_secret, stored):
        kids[_kid(str(stored[name]))] = kids.get(_kid(str(stored[name])), 0) + 1
    return found | {CONFIG_VALUES: kids}


def _kid(text: str) -> str:
    return text.partition(".")[0]
