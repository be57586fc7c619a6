"""V5 adapter for phc."""
