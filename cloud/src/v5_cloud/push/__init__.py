"""Batches of events from agents."""
