"""QR codes."""

import segno


def png_data_url(text: str) -> str:
    """The QR code of ``text`` as a PNG in a data URL."""
    return str(segno.make(text, error="m").png_data_uri(scale=5))
