"""V5 adapter for priority."""
