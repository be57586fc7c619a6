"""The people who sign in: their records, roles and passwords."""
