"""What use cases of creators and of their visitors ask for."""
