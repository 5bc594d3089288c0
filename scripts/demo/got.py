"""What a chat service was given, as its readers see it: a title, buttons, a page. Pure.

Everything is read from the payload that arrived, never from the message it was made of.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from html import escape
from typing import Any, Final

from headgate.connectors.apprise import preview as apprise
from headgate.connectors.discord import preview as discord
from headgate.connectors.matrix import preview as matrix
from headgate.connectors.mattermost import preview as mattermost
from headgate.connectors.msteams import preview as msteams
from headgate.connectors.preview import page
from headgate.connectors.rabbitmq import preview as rabbitmq
from headgate.connectors.rabbitmq.post import Post
from headgate.connectors.slack import preview as slack
from headgate.connectors.telegram import preview as telegram
from headgate.testing.telegram.formatting import read_html

_MARKS: Final = re.compile(r"\*\*|\\(?=[^\w\s])|\\(?=_)")
"""Bold, and escapes, of Markdown."""
_CODE: Final = "pre { font: 13px/1.4 monospace; white-space: pre-wrap; overflow-wrap: anywhere; }"


@dataclass(frozen=True, slots=True)
class Got:
    """One message that a service took. ``target``: as a job names it; ``payload``: JSON that the service was given."""

    service: str
    target: str
    payload: Any

    @property
    def title(self) -> str:
        """The first line that people read."""
        return _TITLES[self.service](self.payload).strip()

    @property
    def buttons(self) -> tuple[str, ...]:
        """What stands on its buttons."""
        return tuple(_BUTTONS[self.service](self.payload)) if self.service in _BUTTONS else ()

    @property
    def html(self) -> str:
        """A page that shows it about as the service does."""
        return _PAGES[self.service](self)

    def is_about(self, job: int) -> bool:
        """Whether its title names a job."""
        return re.search(rf"\b(?:job|array) {job}\b", self.title) is not None

    def as_json(self) -> dict[str, Any]:
        """Return it as data."""
        return {"service": self.service, "target": self.target, "payload": self.payload}


def _slack_title(payload: Any) -> str:
    blocks = payload.get("blocks") or [{}]
    header = blocks[0] if blocks[0].get("type") == "header" else None
    return str(header["text"]["text"] if header else payload["text"]).partition("\n")[0]


def _slack_buttons(payload: Any) -> Iterable[str]:
    blocks = [*payload.get("blocks", []), *(one for part in payload.get("attachments", []) for one in part["blocks"])]
    elements = (element for block in blocks if block["type"] == "actions" for element in block["elements"])
    return [str(element["text"]["text"]) for element in elements if element["type"] == "button"]


def _telegram_title(payload: Any) -> str:
    text = read_html(payload["text"])[0] if payload.get("parse_mode") == "HTML" else payload["text"]
    return str(text).partition("\n")[0]


def _telegram_buttons(payload: Any) -> Iterable[str]:
    rows = payload.get("reply_markup", {}).get("inline_keyboard", [])
    return [str(button["text"]) for row in rows for button in row]


def _teams_title(payload: Any) -> str:
    head = payload["attachments"][0]["content"]["body"][0]["items"][1]
    return "".join(part if isinstance(part, str) else part["text"] for part in head["inlines"])


def _first_line(text: str) -> str:
    return _MARKS.sub("", text.partition("\n")[0])


_TITLES: Final[Mapping[str, Callable[[Any], str]]] = {
    "slack": _slack_title,
    "mattermost": lambda payload: _first_line(payload["message"]),
    "matrix": lambda payload: str(payload["body"]).partition("\n")[0],
    "telegram": _telegram_title,
    "discord": lambda payload: _first_line(payload["content"]),
    "msteams": _teams_title,
    "rabbitmq": lambda payload: str(payload["body"]["message"]["title"]),
    "apprise": lambda payload: str(payload["title"]),
    "webhook": lambda payload: str(payload["message"]["title"]),
}
_BUTTONS: Final[Mapping[str, Callable[[Any], Iterable[str]]]] = {
    "slack": _slack_buttons,
    "telegram": _telegram_buttons,
}


def _broker_page(got: Got) -> str:
    payload, properties = got.payload, got.payload["properties"]
    return rabbitmq.page_of(
        Post(
            exchange=payload["exchange"],
            routing_key=payload["routing_key"],
            body=json.dumps(payload["body"], ensure_ascii=False).encode(),
            key=properties["message_id"],
            timestamp=properties["timestamp"],
            headers=properties["headers"],
        )
    )


def _apprise_page(got: Got) -> str:
    given = {"service": "JSON", "type": got.payload["type"], "format": "text"}
    return apprise.page_of({**given, "title": got.payload["title"], "body": got.payload["message"]})


def _plain_page(got: Got) -> str:
    text = json.dumps(got.payload, indent=2, ensure_ascii=False)
    return page(got.service, _CODE, f"<pre>{escape(text)}</pre>")


_PAGES: Final[Mapping[str, Callable[[Got], str]]] = {
    "slack": lambda got: slack.page_of(got.payload),
    "mattermost": lambda got: mattermost.page_of(got.payload),
    "matrix": lambda got: matrix.preview(got.payload, room=got.target, pictures={}),
    "telegram": lambda got: telegram.preview(got.payload),
    "discord": lambda got: discord.page_of(got.payload),
    "msteams": lambda got: msteams.page_of(got.payload),
    "rabbitmq": _broker_page,
    "apprise": _apprise_page,
    "webhook": _plain_page,
}
SERVICES: Final = tuple(_TITLES)
"""Every service, in the order in which they are shown."""
