"""What documents do to accounts."""
