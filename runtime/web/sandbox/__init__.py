"""The pages of providers of our own, which production does not have."""
