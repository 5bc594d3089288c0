"""Switching traces on, where they are wanted."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator

from headgate.config.settings import Settings
from headgate.errors import ConfigError
from headgate.telemetry import spans


@contextlib.contextmanager
def reported(settings: Settings) -> Iterator[None]:
    """Have spans sent while the service runs. Raises ConfigError if that is wanted and what it takes is missing."""
    own = settings.telemetry
    if not own.endpoint:
        yield
        return
    try:
        from headgate.telemetry.otel import OtelSettings, OtelTracer
    except ImportError as error:
        raise ConfigError(
            f"telemetry.endpoint is set, and {error.name} is not installed: install headgate[otel], or take it out"
        ) from error
    headers = {name: value.get_secret_value() for name, value in own.headers.items()}
    instance = settings.service.worker or socket.gethostname()
    tracer = OtelTracer(OtelSettings(own.endpoint, own.service_name, instance, own.sample, headers))
    spans.use(tracer)
    try:
        yield
    finally:
        spans.use(None)
        tracer.close()
