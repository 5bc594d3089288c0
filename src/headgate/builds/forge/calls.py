"""How many requests are made to forges."""

from __future__ import annotations

from prometheus_client import Counter

CALLS = Counter("headgate_forge_calls", "Requests to forges' APIs, by their answers.", ["forge", "status"])
