"""Figures at a glance."""
