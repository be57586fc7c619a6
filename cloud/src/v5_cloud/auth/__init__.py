"""Signing in and out: sessions of browsers."""
