"""The long runs: hours, not minutes; not part of CI.

50 rounds of each crash test, many more hypothesis examples, other ones each time (the laws of engine and ledger against their slow
reference are among them), a random day of 100,000 operations of the ledger in memory and of a whole chain on both databases, hundreds of
requests to each operation of the API on both databases, the reports of a document in all orders. The core's tests run on the compiled
engine too, where there is a C compiler.
"""

from __future__ import annotations

import argparse
import os
import secrets
import subprocess
import sys
from typing import Final

import pytest

from v5_tools import compiled

_CLOUD: Final = (
    "tests/cloud/test_history.py",
    "tests/cloud/test_openapi.py",
    "tests/cloud/test_settlement.py",
    "tests/cloud/test_voucher_laws.py",
    "tests/cloud/test_voucher_concurrency.py",
    "tests/cloud/test_voucher_concurrency_desk.py",
    "tests/cloud/test_workers.py",
)
_PARTS: Final = ("tests/crash", "tests/core", *_CLOUD)


def main() -> int:
    """Entry point of `./v5 soak`."""
    parser = argparse.ArgumentParser(prog="v5 soak", description=__doc__)
    parser.add_argument("--rounds", type=int, default=50, help="kill -9 rounds of each crash test (default 50)")
    parser.add_argument("--examples", type=int, default=5000, help="hypothesis examples of each property (default 5000)")
    parser.add_argument("--requests", type=int, default=400, help="generated requests to each operation of the API (default 400)")
    parser.add_argument("--operations", type=int, default=100_000, help="operations of a random day of the ledger (default 100,000)")
    parser.add_argument("--seed", type=int, default=None, help="of the random days (default: another one each time, which is printed)")
    parser.add_argument("rest", nargs="*", help=f"pytest arguments; by default {' '.join(_PARTS)}")
    options = parser.parse_args()
    os.environ["V5_CRASH_ROUNDS"] = str(options.rounds)
    os.environ["V5_EXAMPLES"] = str(options.examples)
    os.environ["V5_OPERATIONS"] = str(options.operations)
    os.environ["V5_SCHEMA_EXAMPLES"] = str(options.requests)
    os.environ["V5_EVERY_ORDER"] = "1"
    os.environ["V5_PROGRESS"] = "1"
    os.environ["V5_RANDOM"] = "1"
    seed = options.seed if options.seed is not None else secrets.randbelow(10**9)
    os.environ["V5_SEED"] = str(seed)
    print(f"seed of the random days: {seed}")
    # Lines of progress pass the capture of tests where this keeps off the file descriptors.
    failed = int(pytest.main(["--capture=sys", "-o", "timeout=86400", *(options.rest or _PARTS)]))
    return failed if options.rest else failed or _compiled_engine()


def _compiled_engine() -> int:
    """The core's tests on the compiled engine; 0 when they pass, or when nothing can be compiled here, which is said."""
    reason = "" if compiled.fresh() else compiled.obstacle()
    if reason:
        print(f"not run on the compiled engine: {reason}")
        return 0
    if compiled.main(["--quiet"]):
        return 1
    command = [sys.executable, "-m", "pytest", "-o", "timeout=7200", "tests/core"]
    return subprocess.run(command, env=compiled.environment(), check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
