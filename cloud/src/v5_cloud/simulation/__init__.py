"""Drafts tried on a company's past sales before they are published."""
