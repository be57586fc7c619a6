"""Tiers, clubs and points by hand."""
