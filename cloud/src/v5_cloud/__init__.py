"""V5 cloud."""
