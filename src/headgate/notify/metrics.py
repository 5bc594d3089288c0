"""What this room counts, for Prometheus."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

DELIVERIES = Counter(
    "headgate_deliveries",
    "Deliveries that were settled, by how (delivered, folded, dead, retried).",
    ["connector", "how"],
)
FAILURES = Counter("headgate_delivery_failures", "Attempts that failed, by reason.", ["connector", "reason"])
SEND_SECONDS = Histogram(
    "headgate_send_seconds",
    "How long a connector took to send one message.",
    ["connector"],
    buckets=(0.005, 0.02, 0.1, 0.5, 1, 2, 5, 10, 30, 60),
)
PAUSED = Gauge(
    "headgate_connector_paused", "1 while a connector waits because its service cannot be used.", ["connector"]
)
MESSAGES = Counter("headgate_messages", "Messages made, by whether accounting had figures.", ["figures"])
ACCOUNTING_CALLS = Counter("headgate_accounting_calls", "Calls of sacct for messages, by how they went.", ["result"])
