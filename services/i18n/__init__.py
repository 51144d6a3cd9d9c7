"""The languages and texts of the platform, as every process keeps them."""
