"""Jobs on their way: stream, journal, proxy, virtual printer."""
