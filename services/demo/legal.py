"""A privacy policy and terms of service, as a start for one's own."""

from datetime import datetime

from domain.admin.content.texts import Named, entry_columns, kept
from domain.auth import PRIVACY_VERSION
from domain.content.publishing import columns_of
from domain.legal import PRIVACY, TERMS
from persistence.models import ContentEntry, Publication
from persistence.repositories import Repositories

EXAMPLE = "<p><em>An example of a first start. Replace it before anybody relies on it.</em></p>"
TEXTS = {
    PRIVACY: {
        "title": "Privacy policy",
        "html": EXAMPLE
        + "<h2>What we store</h2><p>Your address, your name and what you publish, for as long as you have an account. "
        "Cookies beyond those that the site needs are set only if you agree.</p>"
        "<h2>Who sees it</h2><p>Whatever is on your page is public. Nobody else sees your address.</p>"
        "<h2>What you can do</h2><ul><li>Download a copy of your data.</li><li>Delete your account and your data.</li>"
        "<li>Write to us by the contact form.</li></ul>",
    },
    TERMS: {
        "title": "Terms of service",
        "html": EXAMPLE + "<h2>Your account</h2><p>You are at least 18 years old, and the account is yours alone.</p>"
        "<h2>Your content</h2><p>What you publish stays yours. You publish only what you may publish.</p>"
        "<h2>What we do not accept</h2><ul><li>Content that is against the law.</li><li>Pretending to be somebody else."
        "</li><li>Spam.</li></ul>"
        "<h2>Changes</h2><p>When these terms change in a way that needs your consent, we tell you by mail before.</p>",
    },
}


async def seed(db: Repositories, now: datetime) -> None:
    for slug, text in TEXTS.items():
        source = kept("legal", text | {"slug": slug, "locale": "en"})
        entry_id = await db.content_texts.add(entry_columns(source) | {"kind": "legal"}, source, None, now)
        if entry_id is None:  # staff has one already
            continue
        await db.demo.mark(ContentEntry, entry_id)
        version = {"label": PRIVACY_VERSION.default, "summary": "The first version."}
        entry = Named(entry_id, "legal", slug, "en")
        shown = await db.publications.publish(entry, 1, columns_of("legal", source) | version, now, now)
        await db.demo.mark(Publication, shown)
