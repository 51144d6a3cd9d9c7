"""``/docs/changelog.json``: published versions as a JSON Feed (https://jsonfeed.org)."""

from collections.abc import Iterator, Sequence
from typing import Any

from contract.changes.history import Release
from portal.exports.changes import release_text
from portal.model import Site
from portal.words import Words

Json = Any

FORMAT = "https://jsonfeed.org/version/1.1"
PAGE = "/docs/changelog"


def feed(site: Site, releases: Sequence[Release], words: Words, origin: str) -> Json:
    """A version that has no day is not published, and not in it."""
    return {
        "version": FORMAT,
        "title": f"{site.contract.document['info']['title']}: {words.plain('changelog.title')}",
        "home_page_url": origin + PAGE,
        "feed_url": f"{origin}{PAGE}.json",
        "items": list(_items(releases, words, origin)),
    }


def _items(releases: Sequence[Release], words: Words, origin: str) -> Iterator[Json]:
    for release in releases:
        if release.note.day:
            address = f"{origin}{PAGE}#release-{release.version.replace('.', '-')}"
            yield {
                "id": address,
                "url": address,
                "title": release.version,
                "content_text": release_text(release, words),
                "date_published": f"{release.note.day}T00:00:00Z",
            }
