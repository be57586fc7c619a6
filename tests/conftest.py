"""Shared by all tests: hypothesis settings."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

settings.register_profile(
    "v5",
    max_examples=int(os.environ.get("V5_EXAMPLES", "60")),
    deadline=None,
    derandomize=not os.environ.get("V5_RANDOM"),
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.load_profile("v5")
