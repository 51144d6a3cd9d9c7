"""Payouts of creators: requested, decided on, sent, and where they go."""
