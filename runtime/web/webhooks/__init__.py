"""Doors that providers use, beside the contract's operations."""
