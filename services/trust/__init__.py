"""What use cases hold texts against."""
