"""What bio pages need beside their rows."""
