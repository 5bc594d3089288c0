"""What Block Kit allows (https://docs.slack.dev/reference/block-kit/blocks): the blocks that notifications use. Pure.

Limits are those of the blocks' own pages; that of all texts together is what people measured
(https://github.com/slackapi/bolt-js/issues/2509): it has no page.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from headgate.testing.slack.arguments import Refusal

MAX_BLOCKS = 50
MAX_ATTACHMENTS = 100
MAX_TOGETHER = 12_000
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}|good|warning|danger")
_WEB = re.compile(r"https?://[^\s<>]+")
_STYLES = {"bold", "italic", "strike", "code", "underline"}


def check_blocks(blocks: list[Any]) -> None:
    """Raise Refusal for blocks that Slack would not take."""
    _need(len(blocks) <= MAX_BLOCKS, "no more than 50 items allowed [json-pointer:/blocks]")
    for number, block in enumerate(blocks):
        where = f"/blocks/{number}"
        _need(isinstance(block, dict), f"must be an object {where}")
        check = _BLOCKS.get(str(block.get("type")))
        if check is None:
            raise Refusal("invalid_blocks", f"[ERROR] unsupported type: {block.get('type')} {where}")
        check(block, where)
    identities = [element["action_id"] for block in blocks for element in _buttons(block)]
    _need(len(identities) == len(set(identities)), "action_id already exists")
    if text_in(blocks) > MAX_TOGETHER:
        raise Refusal("msg_blocks_too_long")


def check_attachments(attachments: list[Any]) -> None:
    """Raise Refusal for attachments that Slack would not take: those with blocks hold nothing but a colour beside."""
    if len(attachments) > MAX_ATTACHMENTS:
        raise Refusal("too_many_attachments")
    for attachment in attachments:
        if not isinstance(attachment, dict) or set(attachment) - {"color", "blocks"}:
            raise Refusal("invalid_attachments")
        if not isinstance(attachment.get("blocks"), list) or not attachment["blocks"]:
            raise Refusal("invalid_attachments")
        if not _COLOUR.fullmatch(str(attachment.get("color", "good"))):
            raise Refusal("invalid_attachments")
        check_blocks(attachment["blocks"])


def text_in(part: object) -> int:
    """Return how many characters the texts in blocks have."""
    if isinstance(part, dict):
        own = len(part["text"]) if isinstance(part.get("text"), str) else 0
        return own + sum(text_in(inner) for inner in part.values())
    return sum(text_in(inner) for inner in part) if isinstance(part, list) else 0


def _need(fine: bool, otherwise: str) -> None:
    if not fine:
        raise Refusal("invalid_blocks", f"[ERROR] {otherwise}")


def _keys(part: dict[str, Any], where: str, *known: str) -> None:
    unknown = set(part) - {"type", "block_id", *known}
    _need(not unknown, f"invalid additional property: {', '.join(sorted(unknown))} [json-pointer:{where}]")


def _text(part: object, where: str, most: int, *types: str) -> None:
    _need(isinstance(part, dict), f"must be a text object {where}")
    if not isinstance(part, dict):
        return
    _need(part.get("type") in types, f"unsupported text type {part.get('type')} {where}")
    _need(not set(part) - {"type", "text", "emoji", "verbatim"}, f"invalid additional property {where}")
    _need("emoji" not in part or part["type"] == "plain_text", f"emoji is for plain_text {where}")
    _need("verbatim" not in part or part["type"] == "mrkdwn", f"verbatim is for mrkdwn {where}")
    words = part.get("text")
    _need(isinstance(words, str) and words.strip() != "", f"must be more than 0 characters {where}")
    _need(len(str(words).encode("utf-16-le")) // 2 <= most, f"must be less than {most + 1} characters {where}")


def _header(block: dict[str, Any], where: str) -> None:
    _keys(block, where, "text")
    _text(block.get("text"), where, 150, "plain_text")


def _section(block: dict[str, Any], where: str) -> None:
    _keys(block, where, "text", "fields", "accessory", "expand")
    _need("text" in block or bool(block.get("fields")), f"missing required field: text {where}")
    if "text" in block:
        _text(block["text"], where, 3000, "plain_text", "mrkdwn")
    fields = block.get("fields", [])
    _need(isinstance(fields, list) and len(fields) <= 10, f"no more than 10 fields {where}")  # noqa: PLR2004
    for field in fields:
        _text(field, where, 2000, "plain_text", "mrkdwn")


def _context(block: dict[str, Any], where: str) -> None:
    _keys(block, where, "elements")
    elements = block.get("elements")
    _need(isinstance(elements, list) and 1 <= len(elements) <= 10, f"1 to 10 elements {where}")  # noqa: PLR2004
    for element in elements or ():
        _text(element, where, 3000, "plain_text", "mrkdwn")


def _divider(block: dict[str, Any], where: str) -> None:
    _keys(block, where)


def _actions(block: dict[str, Any], where: str) -> None:
    _keys(block, where, "elements")
    elements = block.get("elements")
    _need(isinstance(elements, list) and 1 <= len(elements) <= 25, f"1 to 25 elements {where}")  # noqa: PLR2004
    for element in elements or ():
        _need(isinstance(element, dict) and element.get("type") == "button", f"unsupported element {where}")
        _keys(element, where, "text", "action_id", "value", "style", "url", "confirm", "accessibility_label")
        _text(element.get("text"), where, 75, "plain_text")
        _need(element.get("style", "primary") in ("primary", "danger"), f"unsupported style {where}")
        _need(1 <= len(str(element.get("action_id", ""))) <= 255, f"action_id {where}")  # noqa: PLR2004
        _need(1 <= len(str(element.get("value", "-"))) <= 2000, f"value {where}")  # noqa: PLR2004


def _rich_text(block: dict[str, Any], where: str) -> None:
    _keys(block, where, "elements")
    elements = block.get("elements")
    _need(isinstance(elements, list) and bool(elements), f"missing elements {where}")
    for element in elements or ():
        _rich_element(element, where)


def _rich_element(element: dict[str, Any], where: str) -> None:
    kind, inside = element.get("type"), element.get("elements")
    _need(isinstance(inside, list) and bool(inside), f"missing elements {where}")
    match kind:
        case "rich_text_list":
            _keys(element, where, "elements", "style", "indent", "offset", "border")
            _need(element.get("style") in ("bullet", "ordered"), f"unsupported list style {where}")
            for each in inside or ():
                _need(each.get("type") == "rich_text_section", f"a list holds sections {where}")
                _rich_element(each, where)
        case "rich_text_section" | "rich_text_quote" | "rich_text_preformatted":
            _keys(element, where, "elements", "border", "language")
            for each in inside or ():
                _rich_piece(each, where, linked=True)
        case _:
            _need(fine=False, otherwise=f"unsupported type: {kind} {where}")


def _rich_piece(piece: dict[str, Any], where: str, *, linked: bool) -> None:
    _need(not set(piece.get("style", {})) - _STYLES, f"unsupported style {where}")
    match piece.get("type"):
        case "text":
            _keys(piece, where, "text", "style")
            _need(isinstance(piece.get("text"), str) and piece["text"] != "", f"must be more than 0 characters {where}")
        case "link" if linked:
            _keys(piece, where, "url", "text", "style", "unsafe")
            url = piece.get("url")
            _need(isinstance(url, str) and bool(_WEB.fullmatch(url)) and len(url) <= 3000, f"url {where}")  # noqa: PLR2004
        case "user" | "channel" | "usergroup" | "broadcast" | "emoji" | "date" | "color" | "team":
            return
        case kind:
            _need(fine=False, otherwise=f"unsupported type: {kind} {where}")


def _buttons(block: dict[str, Any]) -> list[dict[str, Any]]:
    return list(block["elements"]) if block["type"] == "actions" else []


_BLOCKS: dict[str, Callable[[dict[str, Any], str], None]] = {
    "actions": _actions,
    "context": _context,
    "divider": _divider,
    "header": _header,
    "rich_text": _rich_text,
    "section": _section,
}
