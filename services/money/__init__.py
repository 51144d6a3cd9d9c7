"""What moves money, each inside the caller's unit of work."""
