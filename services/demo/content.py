"""Texts of a young site: a blog, a help center, questions, an announcement and a page."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from domain.admin.content.texts import Named, entry_columns, kept
from domain.content.publishing import columns_of
from persistence.models import ContentCategory, ContentEntry, Publication
from persistence.repositories import Repositories

Text = Mapping[str, Any]

CATEGORIES: Sequence[Text] = (
    {"kind": "blog", "slug": "news", "name": "News"},
    {"kind": "blog", "slug": "guides", "name": "Guides"},
    {
        "kind": "help",
        "slug": "account",
        "name": "Your account",
        "description": "Sign-in, email address and password.",
        "icon": "user",
        "icon_background": "#EDE9FE",
    },
    {
        "kind": "help",
        "slug": "your-page",
        "name": "Your page",
        "description": "Links, order and looks.",
        "icon": "layout",
        "icon_background": "#FCE7F3",
    },
    {
        "kind": "help",
        "slug": "safety",
        "name": "Safety",
        "description": "Blocking, reporting and what happens then.",
        "icon": "shield",
        "icon_background": "#DCFCE7",
    },
    {"kind": "faq", "slug": "general", "name": "General"},
    {"kind": "faq", "slug": "privacy", "name": "Privacy"},
)
ABOUT = """
<p>BIO.RE is one page for everything you do: your links, your work and a way to reach you.</p>
<h2>Who it is for</h2>
<ul><li>Creators who are in many places at once.</li><li>Fans who want to find them again.</li></ul>
<p>Questions? The <a href="https://bio.re/help">help center</a> has answers.</p>
"""
WELCOME = """
<p>Your page is the first thing that people see of you. It takes five minutes to make it yours.</p>
<h2>What is new</h2>
<ul><li>Pick a username that is easy to say.</li><li>Add the links that matter, in the order that matters.</li>
<li>Write two sentences about yourself.</li></ul>
<blockquote>Less is more: three links are opened more often than thirty.</blockquote>
"""
GUIDE = """
<p>A second factor keeps your page yours, even if somebody learns your password.</p>
<ol><li>Open <strong>Settings</strong>, then <strong>Security</strong>.</li><li>Scan the code with your app.</li>
<li>Keep the backup codes where you find them again.</li></ol>
<p>From then on a sign-in takes the password and six digits:</p>
<pre><code>123 456</code></pre>
"""
FORGOTTEN = """
<p>Open the sign-in page and choose <strong>Forgot password</strong>. We send a link to your email address.</p>
<p>The link works once. If no mail arrives within a few minutes, look into the folder for spam.</p>
"""
LINKS = """
<p>Add a link with the plus sign. Drag it to where you want it.</p>
<p>A link that you hide stays in your list, and nobody else sees it.</p>
"""
REPORT = """
<p>Open the menu of the page and choose <strong>Report</strong>. Tell us what is wrong in your own words.</p>
<p>The owner of the page never learns who reported it. You receive our decision by mail.</p>
"""
# The last of each kind is the newest. ``categories`` are named by their slugs.
TEXTS: Sequence[tuple[str, Text, Sequence[str]]] = (
    ("page", {"slug": "about", "title": "About BIO.RE", "html": ABOUT}, ()),
    (
        "post",
        {
            "slug": "two-factor-in-two-minutes",
            "title": "A second factor in two minutes",
            "excerpt": "Why your page should have one, and how to turn it on.",
            "html": GUIDE,
        },
        ("guides",),
    ),
    (
        "post",
        {
            "slug": "welcome",
            "title": "Welcome to your page",
            "excerpt": "Three things to do on the first day.",
            "html": WELCOME,
        },
        ("news", "guides"),
    ),
    (
        "article",
        {
            "slug": "reset-your-password",
            "title": "Reset your password",
            "excerpt": "What to do if you cannot sign in.",
            "icon": "key",
            "html": FORGOTTEN,
            "isFeatured": True,
        },
        ("account",),
    ),
    (
        "article",
        {
            "slug": "add-and-order-links",
            "title": "Add and order links",
            "excerpt": "Put first what matters most.",
            "icon": "link",
            "html": LINKS,
            "isFeatured": False,
        },
        ("your-page",),
    ),
    (
        "article",
        {
            "slug": "report-a-page",
            "title": "Report a page",
            "excerpt": "When something is illegal or against the rules.",
            "icon": "flag",
            "html": REPORT,
            "isFeatured": False,
        },
        ("safety",),
    ),
    (
        "faq",
        {
            "question": "Is it free?",
            "answer": "<p>Your page is free, for as long as you like.</p>",
            "sortOrder": 0,
        },
        ("general",),
    ),
    (
        "faq",
        {
            "question": "Can I change my username?",
            "answer": "<p>Yes, once in 30 days. Links with the former one lead to you for a while.</p>",
            "sortOrder": 1,
        },
        ("general",),
    ),
    (
        "faq",
        {
            "question": "How do I get a copy of my data?",
            "answer": "<p>Ask for it under <em>Settings, Privacy</em>. We prepare an archive within minutes.</p>",
            "sortOrder": 0,
        },
        ("privacy",),
    ),
    (
        "announcement",
        {
            "title": "Planned maintenance",
            "html": "<p>On Sunday from 02:00 to 03:00 UTC pages are read-only.</p>",
            "type": "MAINTENANCE",
        },
        (),
    ),
)


async def seed(db: Repositories, now: datetime) -> None:
    categories = {
        (one["kind"], one["slug"]): await db.demo.add(ContentCategory, sort_order=place, **one)
        for place, one in enumerate(CATEGORIES)
    }
    by_slug = {slug: category_id for (_, slug), category_id in categories.items()}
    for age, (kind, text, slugs) in zip(range(len(TEXTS), 0, -1), TEXTS, strict=True):
        told = {"locale": None if kind == "announcement" else "en"} | dict(text)
        source = kept(kind, told | _of(kind, [by_slug[slug] for slug in slugs]))
        await _publish(db, kind, source, now - timedelta(days=age))


def _of(kind: str, category_ids: Sequence[UUID]) -> dict[str, Any]:
    """As a revision names its categories."""
    ids = [str(category_id) for category_id in category_ids]
    if kind == "post":
        return {"categoryIds": ids}
    return {"categoryId": ids[0]} if ids else {}


async def _publish(db: Repositories, kind: str, source: Text, at: datetime) -> None:
    """As staff does it; what staff already has under the name stays as it is."""
    entry_id = await db.content_texts.add(entry_columns(source) | {"kind": kind}, source, None, at)
    if entry_id is None:
        return
    await db.demo.mark(ContentEntry, entry_id)
    entry = Named(entry_id, kind, source.get("slug"), source["locale"] or "")
    await db.demo.mark(Publication, await db.publications.publish(entry, 1, columns_of(kind, source), at, at))
