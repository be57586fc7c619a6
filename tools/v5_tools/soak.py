"""The long runs: 50 rounds of each crash test and many more hypothesis examples. Hours, not minutes; not part of CI."""

from __future__ import annotations

import argparse
import os
import sys

import pytest


def main() -> int:
    """Entry point of `./v5 soak`."""
    parser = argparse.ArgumentParser(prog="v5 soak", description=__doc__)
    parser.add_argument("--rounds", type=int, default=50, help="kill -9 rounds of each crash test (default 50)")
    parser.add_argument("--examples", type=int, default=5000, help="hypothesis examples of each property (default 5000)")
    parser.add_argument("rest", nargs="*", help="pytest arguments; by default the crash tests and the properties")
    options = parser.parse_args()
    os.environ["V5_CRASH_ROUNDS"] = str(options.rounds)
    os.environ["V5_EXAMPLES"] = str(options.examples)
    return int(pytest.main(["-o", "timeout=7200", *(options.rest or ["tests/crash", "tests/core"])]))


if __name__ == "__main__":
    sys.exit(main())
