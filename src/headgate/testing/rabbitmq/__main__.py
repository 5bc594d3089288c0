"""``python -m headgate.testing.rabbitmq``: a broker to try things with, until Ctrl-C."""

from __future__ import annotations

from headgate.testing.rabbitmq.broker import main

main()
