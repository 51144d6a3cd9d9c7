"""URLs of our own that are given out."""
