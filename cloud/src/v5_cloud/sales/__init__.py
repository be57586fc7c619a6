"""Sales documents: lists and figures."""
