"""What people report, what texts are held against, and what becomes of it."""
