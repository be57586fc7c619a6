"""V5 adapter for sifarma."""
