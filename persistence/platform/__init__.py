"""What the platform shows of itself."""
