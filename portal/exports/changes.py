"""What changed from version to version, as Markdown."""

from collections.abc import Iterator, Sequence

from contract.changes import Change
from contract.changes.history import Release
from portal.words import Words


def changes_text(releases: Sequence[Release], words: Words) -> str:
    """The whole page."""
    heads = f"# {words.plain('changelog.title')}\n\n{words.plain('changelog.lead')}\n"
    told = (f"\n## {_heading(release, words)}\n\n{release_text(release, words)}" for release in releases)
    return heads + "".join(told)


def _heading(release: Release, words: Words) -> str:
    breaking = f" · {words.plain('changelog.breaking')}" if release.breaking else ""
    return f"{release.version} · {release.note.day or words.plain('changelog.unpublished')}{breaking}"


def release_text(release: Release, words: Words) -> str:
    """One version, without its heading."""
    return "\n\n".join(_paragraphs(release, words)) + "\n"


def _paragraphs(release: Release, words: Words) -> Iterator[str]:
    if release.note.text:
        yield release.note.text.strip()
    if release.first:
        yield words.plain("changelog.first", count=release.operations)
    elif not release.shared and not release.sections:
        yield words.plain("changelog.none")
    if release.shared:
        yield f"### {words.plain('changelog.shared')}"
        yield "\n".join(
            f"{_line(shared.change, words)} ({', '.join(f'`{name}`' for name in shared.operations)})"
            for shared in release.shared
        )
    for section in release.sections:
        yield f"### {section.title} `{section.operation}`"
        yield "\n".join(_line(change, words) for change in section.changes)


def _line(change: Change, words: Words) -> str:
    values = f" ({change.folded})" if change.folded else ""
    breaking = f" **{words.plain('changelog.breaking')}**" if change.breaking else ""
    return f"- {words.plain(f'changelog.{change.sort}')}: {change.text}{values}{breaking}"
