"""How creators are found."""
