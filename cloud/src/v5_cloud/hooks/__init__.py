"""Sale-time operations."""
