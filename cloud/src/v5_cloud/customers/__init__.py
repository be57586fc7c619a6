"""Customers: records, keys, search, movements."""
