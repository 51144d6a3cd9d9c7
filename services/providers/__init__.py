"""Providers as admins see them: how they do, what is chosen and set, tests."""
