"""What staff writes for everybody."""
