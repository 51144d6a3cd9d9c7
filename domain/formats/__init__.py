"""Files by the structure that their standards define: what they are, how large a picture is, and what of them stays.

Nothing is decoded. Each module reads one format and returns its ``Outline``, or raises ``Malformed``.
"""

from domain.formats import gif, jpeg, mp4, pdf, png, webp
from domain.formats.outline import Data, Malformed, NotUnderstood, Outline, Part, copied

READERS = {
    "image/jpeg": jpeg.outline,
    "image/png": png.outline,
    "image/webp": webp.outline,
    "image/gif": gif.outline,
    "video/mp4": mp4.outline,
    "application/pdf": pdf.outline,
}

__all__ = ["READERS", "Data", "Malformed", "NotUnderstood", "Outline", "Part", "copied", "outline"]


def outline(content_type: str, data: Data) -> Outline:
    """Raises Malformed when the data is no whole file of this type."""
    try:
        return READERS[content_type](data)
    except (IndexError, ValueError, OverflowError) as error:  # numbers that lead out of the file, or are none
        raise Malformed("the file ends too early, or holds numbers that fit nothing in it") from error
