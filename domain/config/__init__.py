"""What is asked of config beyond a single key, and how it is changed."""
