"""Who is calling: agents by signature, external systems by API key."""
