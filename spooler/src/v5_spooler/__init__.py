"""V5 spooler."""
