"""What an account keeps of its picture."""

from uuid import UUID

from domain.users.avatars import avatar_columns
from persistence.repositories import Repositories
from providers.families.files import StorageFamily


class Avatars:
    """``loopback``: addresses of this machine are good, too."""

    def __init__(self, storage: StorageFamily, *, loopback: bool) -> None:
        self._storage = storage
        self._loopback = loopback

    async def columns(self, db: Repositories, url: str, user_id: UUID) -> dict[str, str | None]:
        """Raises ApiError error.user.avatar_not_allowed."""
        key = self._storage.key_of(url)
        upload = await db.uploads.find_by_key(key)
        return avatar_columns(url, key, upload, user_id, loopback=self._loopback)
