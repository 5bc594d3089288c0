"""What Apprise says about an address: which service it is, and how much of which form it takes. Sends nothing."""

from __future__ import annotations

import enum
import logging
import re
from dataclasses import dataclass
from urllib.parse import unquote

import apprise

from headgate.connectors.apprise.loading import load_services
from headgate.connectors.redaction import Redaction
from headgate.errors import ConnectorError

# Apprise logs addresses while it reads them, and reads nothing else in this process.
logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)

_WORDS = re.compile(r"[^A-Za-z0-9_.~-]+")
_LONG = 6
"""Characters from which on a word of an address may be a key."""


class Form(enum.StrEnum):
    """The markup a service takes."""

    TEXT = "text"
    MARKDOWN = "markdown"
    HTML = "html"


@dataclass(frozen=True, slots=True)
class Service:
    """One configured address's service. ``title`` and ``body``: characters it takes; no title, and both are one."""

    name: str
    form: Form
    title: int
    body: int


def service_of(target: str, url: str) -> Service:
    """Return the service of an address. Raises ConnectorError, which names the target and never the address."""
    load_services()
    plugin = apprise.Apprise.instantiate(url, suppress_exceptions=True)
    if plugin is None or not plugin.enabled:
        scheme = url.partition("://")[0]
        raise ConnectorError(
            f"targets.{target}.url: Apprise knows no service {scheme[:32]!a} that can be used here, or something is "
            "missing from the address"
        )
    form = Form(plugin.resolve_format(apprise.NotifyFormat.TEXT).value)
    return Service(str(plugin.service_name), form, int(plugin.title_maxlen), int(plugin.body_maxlen))


def redaction_of(url: str) -> Redaction:
    """Hide an address: as it is, without its scheme, and every long word of it, since services echo any part."""
    rest = url.partition("://")[2]
    words = {word for text in (rest, unquote(rest)) for word in _WORDS.split(text) if len(word) >= _LONG}
    return Redaction([url, rest, *words])
