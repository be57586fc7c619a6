"""Segments: who is in them, worked out in SQL for everybody and at once for whoever just bought."""
