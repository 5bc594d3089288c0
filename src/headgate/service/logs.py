"""How logs look: an event's name and keys, as one JSON object a line, or in colour on a terminal."""

from __future__ import annotations

import logging
import sys
from typing import Literal

import structlog


def configure(*, level: str = "info", form: Literal["auto", "json", "console"] = "auto") -> None:
    """Configure structlog and the standard library's logging, both to stderr."""
    console = form == "console" or (form == "auto" and sys.stderr.isatty())
    number = logging.getLevelNamesMapping()[level.upper()]
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]
    final: list[structlog.typing.Processor] = (
        [_printable, structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)]  # no variables
        if console
        else [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    )
    structlog.configure(
        processors=[*shared, *final],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared, processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *final]
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(number)
    # Request by request, and statement by statement, is too much for a service's log; and httpcore shows tokens.
    requests = ("uvicorn.access", "uvicorn.error", "httpx", "httpx2", "httpcore", "httpcore2", "hishel")
    for name in (*requests, "sqlalchemy.engine", "alembic"):
        logging.getLogger(name).setLevel(max(number, logging.WARNING))


def _printable(_: object, __: str, told: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """Have texts from jobs steer no terminal: what is not printable is written as Python writes it."""
    for name, value in told.items():
        if isinstance(value, str) and not value.isprintable() and name != "exception":
            told[name] = repr(value)[1:-1]
    return told
