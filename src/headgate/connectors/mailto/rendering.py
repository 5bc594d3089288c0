"""From a bounded message to the two parts of a mail, by templates that a site may replace."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from pathlib import Path

import structlog
from jinja2 import BaseLoader, ChoiceLoader, FileSystemLoader, PackageLoader, StrictUndefined, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from headgate.connectors.mailto.look import look_of
from headgate.errors import ConnectorError
from headgate.model.message import Bar, DigestLine, Fact, JobIdentity, Link, LogTail, Message, Outcome

_log = structlog.get_logger(__name__)
_TEXT, _HTML = "mail.txt.j2", "mail.html.j2"
_WIDTH = 72


@dataclass(frozen=True, slots=True)
class Rendered:
    """The two parts of a mail."""

    text: str
    html: str


class Rendering:
    """Renders messages. A site's own templates are tried at once, so that a mistake is found at start.

    Raises ConnectorError if they cannot be used.
    """

    def __init__(self, templates: Path | None, footer: str = "") -> None:
        self._footer = footer
        self._own = _environment(PackageLoader("headgate.connectors.mailto"))
        self._site = self._own
        if templates is not None:
            if not templates.is_dir():
                raise ConnectorError(f"templates: {templates} is no directory")
            self._site = _environment(ChoiceLoader([FileSystemLoader(templates), self._own.loader or BaseLoader()]))
            self._try(templates)

    def render(self, message: Message) -> Rendered:
        """Render a bounded message. If a site's template fails on it, the own one is used and the log says so."""
        if self._site is self._own:
            return self._render(self._own, message)
        try:
            return self._render(self._site, message)
        except (TemplateError, TypeError, ValueError, ArithmeticError, LookupError) as error:
            _log.error("mailto.template_failed", error=str(error), kind=type(error).__name__)
            return self._render(self._own, message)

    def _render(self, environment: ImmutableSandboxedEnvironment, message: Message) -> Rendered:
        names = {"message": message, "look": look_of(message), "footer": self._footer}
        return Rendered(
            text=environment.get_template(_TEXT).render(names).strip() + "\n",
            html=environment.get_template(_HTML).render(names),
        )

    def _try(self, templates: Path) -> None:
        try:
            for message in (_EVERYTHING, Message(title="Nothing", outcome=Outcome.NEUTRAL, time=0)):
                self._render(self._site, message)
        except (TemplateError, TypeError, ValueError, ArithmeticError, LookupError) as error:
            place = f", line {error.lineno}" if hasattr(error, "lineno") else ""
            raise ConnectorError(f"a template in {templates}{place} fails: {error}") from error


def _environment(loader: BaseLoader) -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(
        loader=loader,
        autoescape=lambda name: name is None or name.endswith(".html.j2"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.filters["hang"] = hang
    environment.filters["web"] = web_address
    return environment


def hang(text: str, indent: int = 0, first: int | None = None, width: int = _WIDTH) -> str:
    """Wrap text to a width, its lines indented; the first line takes ``first`` blanks (the same as the others).

    A path or an address longer than a line stays whole, so that it can be copied.
    """
    lines = textwrap.wrap(
        text,
        width,
        initial_indent=" " * (indent if first is None else first),
        subsequent_indent=" " * indent,
        break_on_hyphens=False,
        break_long_words=False,
    )
    return "\n".join(lines)


def web_address(url: str) -> str:
    """Return an address that may stand in a link: one of the web, else nothing."""
    return url if url.startswith(("https://", "http://")) else ""


_EVERYTHING = Message(
    title="Failed: job 1",
    outcome=Outcome.FAILED,
    time=0,
    job=JobIdentity(cluster="c", job_id="1", name="n", user="u"),
    summary="s",
    facts=(Fact(label="l", value="v"),),
    bars=(Bar(label="l", fraction=0.5, text="t"),),
    hints=("h",),
    notes=("n",),
    log=LogTail(path="p", lines=("l",)),
    links=(Link(label="l", url="https://example.org/"),),
    digest=(DigestLine(outcome=Outcome.FAILED, text="t"),),
)
"""A message with everything in it, on which a site's templates are tried."""
