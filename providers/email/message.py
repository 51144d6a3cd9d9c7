"""The bytes of a mail as they go over the wire."""

import re
from datetime import UTC, datetime
from email.headerregistry import Address, BaseHeader, HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage
from email.policy import SMTP, Policy
from email.utils import getaddresses

from domain.email_address import DOT_ATOM, LDH_LABEL
from providers.ports import Mail

_LABEL = LDH_LABEL.pattern
_ADDRESS = re.compile(rf"(?P<local>{DOT_ATOM.pattern})@(?P<domain>{_LABEL}(?:\.{_LABEL})*)")
UNSUBSCRIBE = "List-Unsubscribe"
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


class _OneLine(UnstructuredHeader, BaseHeader):
    """A URL in a header stays whole: folded, it would become an encoded word, which no mail program calls."""

    def fold(self, *, policy: Policy) -> str:
        return f"{UNSUBSCRIBE}: {self}{policy.linesep}"


_HEADERS = HeaderRegistry()
_HEADERS.map_to_type(UNSUBSCRIBE.lower(), _OneLine)
_POLICY = SMTP.clone(header_factory=_HEADERS)


def parse_mailbox(text: str) -> Address:
    """``Name <local@domain>`` or a bare address, in ASCII. Raises ValueError, which does not repeat the text."""
    mailboxes = getaddresses([text])
    if len(mailboxes) != 1 or _CONTROL.search(text):
        raise ValueError("not one mailbox")
    name, address = mailboxes[0]
    return _address(address, name)


def compose(mail: Mail, sender: Address) -> bytes:
    """A multipart/alternative message. Raises ValueError when the mail cannot be expressed as one."""
    message = EmailMessage(_POLICY)
    message["From"] = sender
    message["To"] = _address(mail.to)
    if mail.reply_to is not None:
        message["Reply-To"] = _address(mail.reply_to)
    if mail.unsubscribe is not None:  # RFC 8058: both, so that one POST is enough
        message[UNSUBSCRIBE] = f"<{mail.unsubscribe}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message["Subject"] = _one_line(mail.subject)
    message["Date"] = datetime.now(UTC)
    message["Message-ID"] = f"<{mail.id}@{sender.domain}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(mail.text, cte="quoted-printable")
    message.add_alternative(mail.html, subtype="html", cte="quoted-printable")
    # After the bodies: making the message multipart would move every Content-* header into its first part.
    message["Content-Language"] = mail.locale
    return message.as_bytes()


def _address(text: str, name: str = "") -> Address:
    match = _ADDRESS.fullmatch(text)
    if match is None:
        raise ValueError("not a mail address")
    return Address(name, username=match["local"], domain=match["domain"])


def _one_line(text: str) -> str:
    return _CONTROL.sub(" ", text).strip()
