from __future__ import annotations

from typing import Any

import pytest

from headgate.testing.mattermost.checks import MAX_MESSAGE, refused_post
from headgate.testing.mattermost.world import World


def refusal(change: dict[str, Any], *, drop: str = "") -> str:
    world = World()
    channel = world.add_channel("hpc", "jobs", world.bot)
    body = {"channel_id": channel.id, "message": "x", **change}
    body.pop(drop, None)
    refused = refused_post(body, world, world.bot)
    return refused.id if refused else ""


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"message": "x" * MAX_MESSAGE, "pending_post_id": "1"},
        {"props": {"attachments": [{"fallback": "x", "fields": [{"title": "a", "value": "b", "short": True}]}]}},
    ],
    ids=["short", "long", "attachment"],
)
def test_a_proper_post_is_taken(change: dict[str, Any]) -> None:
    assert refusal(change) == ""


@pytest.mark.parametrize(
    "change",
    [
        {"no_such_field": 1},
        {"message": 5},
        {"props": []},
        {"file_ids": ["nothing"]},
        {"props": {"attachments": {}}},
        {"props": {"attachments": [{"text": "no fallback"}]}},
        {"props": {"attachments": [{"fallback": "x", "colour": "red"}]}},
        {"props": {"attachments": [{"fallback": "x", "text": None}]}},
        {"props": {"attachments": [{"fallback": "x", "fields": [{"title": 1}]}]}},
        {"props": {"attachments": [{"fallback": "x", "fields": [{"title": "a", "value": "b", "short": "yes"}]}]}},
    ],
    ids=str,
)
def test_what_the_documentation_does_not_name_is_refused(change: dict[str, Any]) -> None:
    assert refusal(change) == "api.context.invalid_body_param.app_error"


@pytest.mark.parametrize("name", ["channel_id", "message"])
def test_a_post_needs_a_place_and_a_text(name: str) -> None:
    assert refusal({}, drop=name) == "api.context.invalid_body_param.app_error"


@pytest.mark.parametrize("body", [None, [], "x"], ids=str)
def test_what_is_no_object_is_refused(body: object) -> None:
    world = World()
    assert refused_post(body, world, world.bot) is not None


def test_too_much_is_refused() -> None:
    assert refusal({"message": "x" * (MAX_MESSAGE + 1)}) == "model.post.is_valid.message_length.app_error"
    assert refusal({"props": {"x": "y" * 800_000}}) == "model.post.is_valid.props.app_error"


def test_a_channel_that_is_not_the_bots_is_refused() -> None:
    assert refusal({"channel_id": "z" * 26}) == "api.context.permissions.app_error"


def test_a_thread_that_is_not_there_is_refused() -> None:
    assert refusal({"root_id": "z" * 26}) == "api.post.create_post.root_id.app_error"
