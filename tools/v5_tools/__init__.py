"""What the `v5` script runs: demo, check, features, bench."""
