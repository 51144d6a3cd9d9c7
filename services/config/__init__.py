"""What an admin changes while the system runs: all keys, and their current values."""
