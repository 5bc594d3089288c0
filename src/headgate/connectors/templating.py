"""A site's own templates for a chat service: text in the service's markup, with everything put in escaped for it.

A template says what stands in the message's body. What is around it, the JSON above all, is always built as data.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import structlog
from jinja2 import ChainableUndefined, FileSystemLoader, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from headgate.connectors.samples import SAMPLES
from headgate.errors import ConnectorError
from headgate.model.message import Message
from headgate.model.sizes import show_size

_log = structlog.get_logger(__name__)
_FALLBACK = "message.j2"
_MISTAKES = (
    TemplateError,
    TypeError,
    ValueError,
    ArithmeticError,
    LookupError,
    AttributeError,
    RecursionError,
    OSError,
)
"""How a template may fail; the last one is a file that can no longer be read."""


class SiteTemplates:
    """The templates in one directory: ``failed.j2`` for an outcome, ``digest.j2``, and ``message.j2`` for the rest.

    They are tried on sample messages when this is made, so that a mistake is found at start. Raises ConnectorError.
    """

    def __init__(self, directory: Path | None, escape: Callable[[str], str]) -> None:
        """``escape`` makes any text plain in the service's markup; it is put upon every value a template shows."""
        self._names: frozenset[str] = frozenset()
        if directory is None:
            return
        if not directory.is_dir():
            raise ConnectorError(f"templates: {directory} is no directory")
        self._names = frozenset(path.name for path in directory.glob("*.j2"))
        self._environment = _environment(directory, escape)
        self._try(directory)

    def body(self, message: Message, *, target: str) -> str | None:
        """Return the body for a bounded message; None where the site has no template for it, or it failed on it."""
        name = self._chosen(message)
        if name is None:
            return None
        try:
            return self._render(name, message, target)
        except _MISTAKES as error:
            _log.error("template.failed", template=name, error=str(error), kind=type(error).__name__)
            return None

    def _chosen(self, message: Message) -> str | None:
        own = "digest.j2" if message.digest else f"{message.outcome.value.replace(' ', '-')}.j2"
        return next((name for name in (own, _FALLBACK) if name in self._names), None)

    def _render(self, name: str, message: Message, target: str) -> str:
        names = {"message": message, "target": target, **carried_over(message, target)}
        return self._environment.get_template(name).render(names).strip()

    def _try(self, directory: Path) -> None:
        for message in SAMPLES.values():
            name = self._chosen(message)
            if name is not None:
                try:
                    self._render(name, message, "target")
                except _MISTAKES as error:
                    place = f", line {error.lineno}" if hasattr(error, "lineno") else ""
                    raise ConnectorError(f"template {directory / name}{place} fails: {error}") from error


def _environment(directory: Path, escape: Callable[[str], str]) -> ImmutableSandboxedEnvironment:
    def plain(value: object) -> object:
        if value is None:
            return ""
        return value if isinstance(value, Markup) else escape(str(value))

    environment = ImmutableSandboxedEnvironment(
        loader=FileSystemLoader(directory),
        finalize=plain,
        autoescape=False,
        undefined=ChainableUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.filters["human_bytes"] = environment.filters["humanBytes"] = human_bytes
    environment.filters["percent"] = percent
    # Jinja2's own would mark text as escaped that is so for HTML only.
    for name in ("e", "escape", "forceescape"):
        environment.filters[name] = lambda value: Markup(plain(value))  # noqa: S704 - escaped for the service
    environment.filters["tojson"] = lambda value: json.dumps(value, default=str)
    return environment


def human_bytes(octets: object) -> str:
    """Write an amount of octets for people, in units of 1,024; nothing for what is not known."""
    return show_size(octets) if isinstance(octets, int | float) else ""


def percent(fraction: object) -> str:
    """Write a bar's fraction as a whole number of percents; nothing for what is not known."""
    return f"{fraction * 100:.0f} %" if isinstance(fraction, int | float) else ""


def carried_over(message: Message, target: str) -> dict[str, object]:
    """Return what goslmailer's templates call ``Job``, ``UserID`` and ``Created``, of the message's fields.

    ``Job.JobStats.X``, ``Job.SlurmEnvironment.X`` and ``Job.X`` are the same figures: the names do not meet.
    """
    fields = dict(message.fields)
    job = {**fields, "JobStats": fields, "SlurmEnvironment": fields, "Hints": message.hints}
    return {"Job": job, "UserID": target, "Created": fields.get("Created", "")}
