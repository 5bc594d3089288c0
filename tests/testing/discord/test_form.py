"""The fake has to refuse what Discord refuses: each of these is a must-fail."""

from __future__ import annotations

from typing import Any

import pytest

from headgate.testing.discord.form import check_message, is_empty, units

BUTTON = {"type": 2, "style": 2, "label": "x", "custom_id": "jobs"}


def row(*buttons: dict[str, Any]) -> list[dict[str, Any]]:
    """Return a row of buttons."""
    return [{"type": 1, "components": list(buttons)}]


@pytest.mark.parametrize(
    "body",
    [
        {"content": "x" * 2000},
        {"embeds": [{"description": "x" * 4096, "footer": {"text": "x" * 1904}}]},
        {"embeds": [{"title": "x", "color": 0xFFFFFF, "timestamp": "2026-11-21T03:43:02.000+00:00"}]},
        {"embeds": [{"fields": [{"name": "n", "value": "v", "inline": True}] * 25}]},
        {"content": "x", "components": row(*({**BUTTON, "custom_id": str(number)} for number in range(5)))},
        {"content": "x", "components": row({"type": 2, "style": 5, "label": "x", "url": "https://example.org/"})},
        {"content": "x", "nonce": "n" * 25, "enforce_nonce": True},
        {"content": "x", "nonce": 2**63 - 1},
        {"content": "x", "allowed_mentions": {"parse": []}, "tts": False, "flags": 4},
    ],
    ids="+".join,
)
def test_what_the_documentation_allows_is_taken(body: object) -> None:
    assert check_message(body) == {}


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ([], "_errors"),
        ({"content": "x" * 2001}, "content"),
        ({"content": "💩" * 1001}, "content"),
        ({"content": "\ud800"}, "content"),
        ({"content": 5}, "content"),
        ({"contents": "x"}, "contents"),
        ({"embeds": {}}, "embeds"),
        ({"embeds": [{"title": "x"}] * 11}, "embeds"),
        ({"embeds": [{"title": "x" * 257}]}, "embeds"),
        ({"embeds": [{"title": " "}]}, "embeds"),
        ({"embeds": [{"description": "x" * 4097}]}, "embeds"),
        ({"embeds": [{"color": 1, "timestamp": "2026-11-21T03:43:02Z"}]}, "embeds"),
        ({"embeds": [{"title": "x", "color": 0x1000000}]}, "embeds"),
        ({"embeds": [{"title": "x", "color": "#ffffff"}]}, "embeds"),
        ({"embeds": [{"title": "x", "timestamp": 5}]}, "embeds"),
        ({"embeds": [{"title": "x", "timestamp": "yesterday"}]}, "embeds"),
        ({"embeds": [{"fields": [{"name": "n", "value": "v"}] * 26}]}, "embeds"),
        ({"embeds": [{"fields": [{"name": "n" * 257, "value": "v"}]}]}, "embeds"),
        ({"embeds": [{"fields": [{"name": "n", "value": "v" * 1025}]}]}, "embeds"),
        ({"embeds": [{"fields": [{"name": "n", "value": ""}]}]}, "embeds"),
        ({"embeds": [{"fields": [{"name": "n"}]}]}, "embeds"),
        ({"embeds": [{"footer": {"text": "x" * 2049}}]}, "embeds"),
        ({"embeds": [{"description": "x" * 3001}, {"description": "x" * 3000}]}, "embeds"),
        ({"embeds": [{"image": {"url": "attachment://a.png"}}]}, "embeds"),
        ({"embeds": [{"image": {"url": "javascript:alert(1)"}}]}, "embeds"),
        ({"attachments": [{"id": 0, "filename": "a.png"}]}, "attachments"),
        ({"content": "x", "nonce": "n" * 26}, "nonce"),
        ({"content": "x", "nonce": 2**63}, "nonce"),
        ({"content": "x", "enforce_nonce": True}, "enforce_nonce"),
        ({"content": "x", "allowed_mentions": {"parse": ["all"]}}, "allowed_mentions"),
        ({"content": "x", "flags": 64}, "flags"),
        ({"content": "x", "tts": 1}, "tts"),
        ({"content": "x", "components": [BUTTON]}, "components"),
        ({"content": "x", "components": row()}, "components"),
        ({"content": "x", "components": row(*[BUTTON] * 6)}, "components"),
        ({"content": "x", "components": row(BUTTON) * 6}, "components"),
        ({"content": "x", "components": row(BUTTON, BUTTON)}, "components"),
        ({"content": "x", "components": row({**BUTTON, "style": 9})}, "components"),
        ({"content": "x", "components": row({**BUTTON, "label": "x" * 81})}, "components"),
        ({"content": "x", "components": row({**BUTTON, "custom_id": "x" * 101})}, "components"),
        ({"content": "x", "components": row({**BUTTON, "url": "https://example.org/"})}, "components"),
        ({"content": "x", "components": row({**BUTTON, "style": 5})}, "components"),
    ],
    ids=lambda value: str(value)[:60].encode("ascii", "backslashreplace").decode(),
)
def test_what_the_documentation_refuses_is_refused_at_its_place(body: object, place: str) -> None:
    assert place in check_message(body)


def test_an_error_names_the_place_down_to_the_field() -> None:
    errors = check_message({"embeds": [{"title": "x"}, {"fields": [{"name": "n", "value": "v" * 1025}]}]})
    assert errors["embeds"]["1"]["fields"]["0"]["value"]["_errors"][0]["code"] == "BASE_TYPE_MAX_LENGTH"


def test_a_file_that_came_may_be_named() -> None:
    body = {"attachments": [{"id": 0, "filename": "a.png"}], "embeds": [{"image": {"url": "attachment://a.png"}}]}
    assert check_message(body, frozenset({"a.png"})) == {}


@pytest.mark.parametrize("body", [{}, {"content": ""}, {"content": " \n"}, {"embeds": []}], ids=str)
def test_a_message_of_nothing_is_empty(body: dict[str, Any]) -> None:
    assert is_empty(body)


def test_texts_are_counted_in_utf_16_units() -> None:
    assert units("a💩") == 3
