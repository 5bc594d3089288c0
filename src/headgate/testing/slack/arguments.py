"""Which arguments the played methods take, and of which type. Pure.

https://docs.slack.dev/reference/methods/chat.postMessage, …/chat.postEphemeral, …/auth.test, …/apps.connections.open
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

_MESSAGE: dict[str, type] = {
    "attachments": list,
    "blocks": list,
    "channel": str,
    "icon_emoji": str,
    "icon_url": str,
    "link_names": bool,
    "parse": str,
    "text": str,
    "thread_ts": str,
    "username": str,
}
ARGUMENTS: dict[str, dict[str, type]] = {
    "auth.test": {},
    "apps.connections.open": {},
    "chat.postEphemeral": {**_MESSAGE, "user": str},
    "chat.postMessage": {
        **_MESSAGE,
        "metadata": dict,
        "mrkdwn": bool,
        "reply_broadcast": bool,
        "unfurl_links": bool,
        "unfurl_media": bool,
    },
}
TOKENS = {
    "auth.test": "xoxb-",
    "apps.connections.open": "xapp-",
    "chat.postEphemeral": "xoxb-",
    "chat.postMessage": "xoxb-",
}
"""How the token of a method begins."""


class Refusal(Exception):  # noqa: N818 (it is what a method answers, not a mistake of ours)
    """A method's answer with ``ok`` false."""

    def __init__(self, code: str, *details: str) -> None:
        super().__init__(code, *details)
        self.code = code
        self.details = details


def read_arguments(method: str, content_type: str, body: bytes) -> dict[str, Any]:
    """Return a call's arguments. Raises Refusal for a body or an argument that the method does not take."""
    known = ARGUMENTS.get(method)
    if known is None:
        raise Refusal("unknown_method")
    given = _of_body(content_type, body)
    for name, value in given.items():
        if name not in known:
            raise Refusal("invalid_arguments", f"[ERROR] unknown argument {name}")
        if not isinstance(value, known[name]):
            raise Refusal("invalid_arguments", f"[ERROR] {name} must be a {known[name].__name__}")
    return given


def _of_body(content_type: str, body: bytes) -> dict[str, Any]:
    """Read a JSON body, or a form in which lists and objects stand as JSON."""
    kind, _, parameters = content_type.partition(";")
    if not body:
        return {}
    if parameters.strip() and parameters.strip().lower() != "charset=utf-8":
        raise Refusal("invalid_charset")
    try:
        if kind.strip() == "application/json":
            read = json.loads(body)
        elif kind.strip() == "application/x-www-form-urlencoded":
            read = {name: _of_form(value) for name, value in parse_qsl(body.decode(), strict_parsing=True)}
        else:
            raise Refusal("invalid_post_type" if kind else "missing_post_type")
    except ValueError:
        raise Refusal("invalid_json" if "json" in kind else "invalid_form_data") from None
    if not isinstance(read, Mapping):
        raise Refusal("json_not_object")
    return dict(read)


def _of_form(value: str) -> object:
    if value in ("true", "false") or value[:1] in ("[", "{"):
        return json.loads(value)
    return value
