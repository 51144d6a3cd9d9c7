"""What people ask of us about their data."""
