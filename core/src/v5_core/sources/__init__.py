"""What adapters share: reading files and databases of ERPs. Behind the extra `sources`; the domain never imports it."""
