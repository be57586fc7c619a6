"""Programmes: versions, publication, what is in force."""
