"""The headers of a request, read once."""


class Headers:
    """By lower-case name. Bytes outside ASCII are read as Latin-1 (RFC 9110, 5.5)."""

    __slots__ = ("_by_name", "_raw", "_repeated")

    def __init__(self, raw: list[tuple[bytes, bytes]]) -> None:
        self._raw = raw
        self._by_name = dict(raw)
        # Hardly any request repeats a header: the dict then says it all.
        self._repeated = len(self._by_name) != len(raw)

    def all(self, name: str) -> list[str]:
        wanted = name.encode()
        return [value.decode("latin-1") for key, value in self._raw if key == wanted]

    def first(self, name: str) -> str | None:
        if self._repeated:
            return next(iter(self.all(name)), None)
        found = self._by_name.get(name.encode())
        return None if found is None else found.decode("latin-1")

    def only(self, name: str) -> str | None:
        """The value of a header that was sent exactly once."""
        if self._repeated and len(self.all(name)) > 1:
            return None
        return self.first(name)

    def joined(self, name: str) -> str | None:
        """The lines of a header that is a list, as the one line that they mean (RFC 9110, 5.3)."""
        return ", ".join(self.all(name)) or None if self._repeated else self.first(name)

    def __contains__(self, name: str) -> bool:
        return name.encode() in self._by_name
