"""What colours of a picture mean: https://www.color.org/specification/ICC.1-2022-05.pdf, 7.2

What is no such profile, though it stands in the place of one, goes; so does one larger than any camera's.
"""

LARGEST = 1024 * 1024
HEAD = 128


def is_profile(data: bytes) -> bool:
    fits = HEAD <= len(data) <= LARGEST and int.from_bytes(data[:4], "big") == len(data)
    return fits and data[36:40] == b"acsp"
