"""What adapters share: SQL reading with a cursor, drop folders, SAF-T, local time. The domain imports none of it."""
