"""Where to start: the calls of an undertaking, in their order. Names and addresses come from the contract.

The words of each are ``flow.<name>`` in ``locales/<locale>/portal.json``.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from contract.policy import ContractError
from portal.model import Operation, Site

FLOWS = {
    "signUp": ("auth.register", "auth.verify_email", "auth.login"),
    "forgotten": ("auth.passwords.forgot", "auth.passwords.reset"),
    "twoFactor": ("auth.two_factor.setup", "auth.two_factor.verify", "auth.two_factor.login"),
    "oauth": ("auth.oauth.providers", "auth.oauth.login", "auth.oauth.link"),
    "session": ("auth.me", "auth.sessions.list", "auth.passwords.change"),
    "stepUp": ("auth.oauth.unlink", "auth.confirmation.confirm", "auth.oauth.unlink"),
    "rotation": ("auth.refresh",),
    "profile": ("users.profile", "users.update_profile", "users.settings.update"),
    "username": ("users.usernames.check", "users.usernames.change"),
    "emailChange": ("users.emails.change", "auth.verify_email_change"),
    "avatar": ("upload.presign", "upload.status", "users.avatars.change"),
    "export": ("gdpr.export", "gdpr.export_status", "gdpr.export_download"),
    "leave": ("users.deactivate", "auth.reactivation.validate", "users.reactivate"),
    "deletion": ("gdpr.delete", "gdpr.cancel_deletion"),
    "languages": ("i18n.locales.list", "i18n.translations.bundle", "i18n.translations.namespace"),
    "reading": ("content.posts.list", "content.posts.find", "content.help.categories", "content.articles.list"),
    "legal": ("legal.terms", "users.consents.record", "content.cookies.save"),
    "support": ("support.create", "support.find", "support.reply", "support.reopen"),
    "publishing": ("admin.content.texts.create", "admin.content.texts.preview", "admin.content.texts.publish"),
    "translating": ("admin.translations.list", "admin.translations.write", "admin.translations.review"),
}


@dataclass(frozen=True, slots=True)
class Flow:
    name: str
    operations: tuple[Operation, ...]


def flows(site: Site) -> Iterator[Flow]:
    """Without those of operations that this build does not show. Raises ContractError for a call that there is not."""
    for name, operation_ids in FLOWS.items():
        if site.left_out.isdisjoint(operation_ids):
            yield Flow(name, found_in(site, operation_ids))


def found_in(site: Site, operation_ids: tuple[str, ...]) -> tuple[Operation, ...]:
    """What the portal names by itself, so that a renamed operation does not vanish. Raises ContractError."""
    known = {operation.id: operation for operation in site.operations}
    unknown = [operation_id for operation_id in operation_ids if operation_id not in known]
    if unknown:
        raise ContractError(f"the portal names operations {unknown}, which the contract does not have")
    return tuple(known[operation_id] for operation_id in operation_ids)
