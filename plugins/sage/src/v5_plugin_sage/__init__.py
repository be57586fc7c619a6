"""V5 adapter for sage."""
