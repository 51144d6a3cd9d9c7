"""What creators are found by, and how it stays what it says."""
