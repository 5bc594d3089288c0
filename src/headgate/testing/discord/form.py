"""Whether a body is a message as Discord takes it: types, limits and what goes together. Pure.

Fields and limits: https://discord.com/developers/docs/resources/message#create-message and
https://discord.com/developers/docs/resources/message#embed-object-embed-limits; buttons:
https://discord.com/developers/docs/components/reference#button. Errors have the shape of
https://discord.com/developers/docs/reference#error-messages. Texts are counted in UTF-16 units, the strictest reading.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

Errors = dict[str, Any]
Check = Callable[[object], Errors]

MAX_CONTENT = 2000
MAX_EMBEDS_TOTAL = 6000
SUPPRESS_EMBEDS, SILENT = 1 << 2, 1 << 12
_SNOWFLAKE = re.compile(r"[1-9][0-9]{14,18}")
_ADDRESS = re.compile(r"(https?|attachment)://\S+")
_ROW, _BUTTON, _LINK_STYLE = 1, 2, 5


def wrong(code: str, message: str) -> Errors:
    """Return the error of one field."""
    return {"_errors": [{"code": code, "message": message}]}


def units(text: str) -> int:
    """Return the length of a text in UTF-16 units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def check_message(body: object, files: frozenset[str] = frozenset()) -> Errors:
    """Return what is wrong with the body of a new message; empty if nothing is. ``files``: names of those with it."""
    errors = _MESSAGE(body)
    if errors or not isinstance(body, dict):
        return errors
    return _check_embeds(body, files) | _check_nonce(body) | _check_components(body) | _check_attachments(body, files)


def is_empty(body: Mapping[str, Any]) -> bool:
    """Whether there is nothing to be shown (error 50006)."""
    return not (str(body.get("content") or "").strip() or body.get("embeds") or body.get("attachments"))


def is_snowflake(value: object) -> bool:
    """Whether this is an id, as text."""
    return isinstance(value, str) and _SNOWFLAKE.fullmatch(value) is not None


def _text(most: int, least: int = 0) -> Check:
    def check(value: object) -> Errors:
        if not isinstance(value, str):
            return wrong("STRING_TYPE_CONVERT", "Could not interpret as string.")
        if any("\ud800" <= character <= "\udfff" for character in value):
            return wrong("STRING_TYPE_CONVERT", "Not a text that can be written in UTF-8.")
        if units(value) > most:
            return wrong("BASE_TYPE_MAX_LENGTH", f"Must be {most} or fewer in length.")
        if len(value.strip()) < least:
            return wrong("BASE_TYPE_REQUIRED", "This field is required")
        return {}

    return check


def _integer(least: int, most: int) -> Check:
    def check(value: object) -> Errors:
        if not isinstance(value, int) or isinstance(value, bool):
            return wrong("NUMBER_TYPE_COERCE", "Value is not int.")
        return {} if least <= value <= most else wrong("NUMBER_TYPE_MAX", f"{value} is not in {least}..{most}.")

    return check


def _one_of(*values: object) -> Check:
    def check(value: object) -> Errors:
        fine = any(value == one and type(value) is type(one) for one in values)
        return {} if fine else wrong("BASE_TYPE_CHOICES", f"Value must be one of {values}.")

    return check


def _address(value: object) -> Errors:
    fine = isinstance(value, str) and units(value) <= 2048 and _ADDRESS.fullmatch(value) is not None  # noqa: PLR2004
    return {} if fine else wrong("URL_TYPE_INVALID_URL", "Not a well formed URL.")


def _moment(value: object) -> Errors:
    try:
        parsed = datetime.fromisoformat(str(value))
    except ValueError:
        return wrong("DATE_TIME_TYPE_PARSE", "Could not parse as ISO8601.")
    return {} if parsed.tzinfo else wrong("DATE_TIME_TYPE_PARSE", "Without a zone.")


def _list(item: Check, most: int, least: int = 0) -> Check:
    def check(value: object) -> Errors:
        if not isinstance(value, list):
            return wrong("LIST_TYPE_CONVERT", "Only iterables may be used in a ListType.")
        if not least <= len(value) <= most:
            return wrong("BASE_TYPE_BAD_LENGTH", f"Must be between {least} and {most} in length.")
        return {str(number): found for number, one in enumerate(value) if (found := item(one))}

    return check


def _shape(fields: Mapping[str, Check], *, needed: frozenset[str] = frozenset()) -> Check:
    def check(value: object) -> Errors:
        if not isinstance(value, dict):
            return wrong("MODEL_TYPE_CONVERT", "Only dictionaries may be used in a ModelType.")
        errors = {name: wrong("BASE_TYPE_REQUIRED", "This field is required") for name in needed - value.keys()}
        for name, given in value.items():
            if name not in fields:
                errors[name] = wrong("UNKNOWN_FIELD", "There is no such field.")
            elif found := fields[name](given):
                errors[name] = found
        return errors

    return check


def _nonce(value: object) -> Errors:
    return _text(25, 1)(value) if isinstance(value, str) else _integer(-(2**63), 2**63 - 1)(value)


_flag = _one_of(True, False)
_snowflake: Check = lambda value: {} if is_snowflake(value) else wrong("NUMBER_TYPE_COERCE", "Value is not snowflake.")  # noqa: E731
_IMAGE = _shape({"url": _address}, needed=frozenset({"url"}))
_FIELD = _shape({"name": _text(256, 1), "value": _text(1024, 1), "inline": _flag}, needed=frozenset({"name", "value"}))
_EMBED = _shape(
    {
        "title": _text(256, 1),
        "description": _text(4096, 1),
        "url": _address,
        "timestamp": _moment,
        "color": _integer(0, 0xFFFFFF),
        "footer": _shape({"text": _text(2048, 1), "icon_url": _address}, needed=frozenset({"text"})),
        "author": _shape({"name": _text(256, 1), "url": _address}, needed=frozenset({"name"})),
        "image": _IMAGE,
        "thumbnail": _IMAGE,
        "fields": _list(_FIELD, 25),
    }
)
_BUTTON_SHAPE = _shape(
    {
        "type": _one_of(_BUTTON),
        "style": _integer(1, _LINK_STYLE),
        "label": _text(80, 1),
        "custom_id": _text(100, 1),
        "url": _address,
        "disabled": _flag,
    },
    needed=frozenset({"type", "style"}),
)
_MESSAGE = _shape(
    {
        "content": _text(MAX_CONTENT),
        "embeds": _list(_EMBED, 10),
        "allowed_mentions": _shape(
            {
                "parse": _list(_one_of("roles", "users", "everyone"), 3),
                "users": _list(_snowflake, 100),
                "roles": _list(_snowflake, 100),
                "replied_user": _flag,
            }
        ),
        "components": _list(
            _shape(
                {"type": _one_of(_ROW), "components": _list(_BUTTON_SHAPE, 5, 1)},
                needed=frozenset({"type", "components"}),
            ),
            5,
        ),
        "attachments": _list(
            _shape(
                {
                    "id": _one_of(*range(10), *map(str, range(10))),
                    "filename": _text(1024, 1),
                    "description": _text(1024),
                },
                needed=frozenset({"id"}),
            ),
            10,
        ),
        "nonce": _nonce,
        "enforce_nonce": _flag,
        "tts": _flag,
        "flags": _one_of(0, SUPPRESS_EMBEDS, SILENT, SUPPRESS_EMBEDS | SILENT),
    }
)


def _check_embeds(body: Mapping[str, Any], files: frozenset[str]) -> Errors:
    total = 0
    for embed in body.get("embeds", ()):
        if not embed.keys() - {"color", "timestamp", "url"}:
            return {"embeds": wrong("BASE_TYPE_REQUIRED", "There is nothing in it.")}
        texts = [embed.get("title", ""), embed.get("description", ""), embed.get("footer", {}).get("text", "")]
        texts += [embed.get("author", {}).get("name", "")]
        texts += [part for field in embed.get("fields", ()) for part in (field["name"], field["value"])]
        total += sum(map(units, texts))
        for place in ("image", "thumbnail"):
            url = embed.get(place, {}).get("url", "")
            if url.startswith("attachment://") and url.removeprefix("attachment://") not in files:
                return {"embeds": wrong("ATTACHMENT_NOT_FOUND", f"{url} did not come with it.")}
    if total > MAX_EMBEDS_TOTAL:
        return {"embeds": wrong("MAX_EMBED_SIZE_EXCEEDED", "Embed size exceeds maximum size of 6000")}
    return {}


def _check_nonce(body: Mapping[str, Any]) -> Errors:
    if body.get("enforce_nonce") and "nonce" not in body:
        return {"enforce_nonce": wrong("NONCE_REQUIRED", "There is no nonce to enforce.")}
    return {}


def _check_components(body: Mapping[str, Any]) -> Errors:
    seen: set[str] = set()
    for row in body.get("components", ()):
        for button in row["components"]:
            link = button["style"] == _LINK_STYLE
            if link != ("url" in button) or link == ("custom_id" in button) or "label" not in button:
                return {"components": wrong("BUTTON_COMPONENT_INVALID", "A link has a url, all others a custom_id.")}
            if button.get("custom_id") in seen:
                return {
                    "components": wrong("COMPONENT_CUSTOM_ID_DUPLICATED", "Component custom id cannot be duplicated")
                }
            seen.add(button.get("custom_id", button.get("url", "")))
    return {}


def _check_attachments(body: Mapping[str, Any], files: frozenset[str]) -> Errors:
    named = {attachment.get("filename") for attachment in body.get("attachments", ())}
    return (
        {} if named <= files else {"attachments": wrong("ATTACHMENT_NOT_FOUND", "A file is named that did not come.")}
    )
