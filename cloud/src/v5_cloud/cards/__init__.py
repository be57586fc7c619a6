"""Cards and their numbers."""
