"""Public endpoints."""

from __future__ import annotations

from v5_cloud.kit.route import api_router

router = api_router("/v1", "soap")
