"""The points ledger: accounts, holds, checks."""
