"""What a fake Mattermost takes, and what it refuses, and how. Pure.

The rules: "Create a post" and "Error Responses" of https://developers.mattermost.com/api-documentation/; lengths are
``PostMessageMaxRunesV2`` and ``PostPropsMaxRunes`` of https://github.com/mattermost/mattermost,
server/public/model/post.go; attachments https://developers.mattermost.com/integrate/reference/message-attachments/.
A real server overlooks fields it does not know; this one refuses them, since they are always a mistake.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from headgate.testing.mattermost.world import User, World

MAX_MESSAGE = 16383
MAX_PROPS = 800_000
MAX_FILES = 5
_POST: Mapping[str, type] = {
    "channel_id": str,
    "message": str,
    "root_id": str,
    "file_ids": list,
    "props": dict,
    "metadata": dict,
    "pending_post_id": str,
}
_ATTACHMENT: Mapping[str, type] = {
    **dict.fromkeys(("fallback", "color", "pretext", "text", "author_name", "author_link", "author_icon"), str),
    **dict.fromkeys(("title", "title_link", "image_url", "thumb_url", "footer", "footer_icon"), str),
    "fields": list,
}
_FIELD: Mapping[str, type] = {"title": str, "value": str, "short": bool}


@dataclass(frozen=True, slots=True)
class Refusal:
    """An error as the API answers it."""

    status: int
    id: str
    message: str

    def as_json(self) -> dict[str, Any]:
        """Return the error object."""
        return {
            "id": self.id,
            "message": self.message,
            "detailed_error": "",
            "request_id": "fake",
            "status_code": self.status,
        }


UNAUTHORISED = Refusal(401, "api.context.session_expired.app_error", "Invalid or expired session, please login again.")
NO_PERMISSION = Refusal(403, "api.context.permissions.app_error", "You do not have the appropriate permissions.")
NO_USER = Refusal(404, "app.user.get_by_username.app_error", "Unable to find an existing account.")
NO_CHANNEL = Refusal(404, "app.channel.get_by_name.missing.app_error", "Channel does not exist.")
ARCHIVED = Refusal(400, "api.post.create_post.can_not_post_to_deleted.error", "Can not post to deleted channel.")


def invalid(name: str) -> Refusal:
    """Return the refusal of a parameter in a request's body."""
    return Refusal(400, "api.context.invalid_body_param.app_error", f"Invalid or missing {name} in request body.")


def refused_post(body: object, world: World, author: User) -> Refusal | None:
    """Say what is wrong with the body of ``POST /posts``; None if nothing is."""
    if not isinstance(body, dict):
        return invalid("post")
    for name in ("channel_id", "message"):
        if name not in body:
            return invalid(name)
    return (
        _form(body, _POST) or _length(body) or _files(body, world) or _attachments(body) or _place(body, world, author)
    )


def _form(body: dict[str, Any], known: Mapping[str, type]) -> Refusal | None:
    for name, value in body.items():
        if name not in known or not isinstance(value, known[name]):
            return invalid(name)
    return None


def _length(body: dict[str, Any]) -> Refusal | None:
    if len(body["message"]) > MAX_MESSAGE:
        said = "Post Message property is longer than the maximum permitted length."
        return Refusal(400, "model.post.is_valid.message_length.app_error", said)
    if len(json.dumps(body.get("props", {}), ensure_ascii=False)) > MAX_PROPS:
        return Refusal(400, "model.post.is_valid.props.app_error", "Invalid props.")
    return None


def _files(body: dict[str, Any], world: World) -> Refusal | None:
    files = body.get("file_ids", [])
    if len(files) > MAX_FILES or any(file not in world.files for file in files):
        return invalid("file_ids")
    return None


def _attachments(body: dict[str, Any]) -> Refusal | None:
    attachments = body.get("props", {}).get("attachments", [])
    if not isinstance(attachments, list):
        return invalid("props.attachments")
    for attachment in attachments:
        if not isinstance(attachment, dict) or not attachment.get("fallback"):
            return invalid("props.attachments.fallback")
        for each, known in ((attachment, _ATTACHMENT), *((field, _FIELD) for field in attachment.get("fields", []))):
            if not isinstance(each, dict) or _form(each, known):
                return invalid("props.attachments")
    return None


def _place(body: dict[str, Any], world: World, author: User) -> Refusal | None:
    channel = world.channels.get(body["channel_id"])
    if channel is None or author.id not in channel.members:
        return NO_PERMISSION
    root = body.get("root_id", "")
    if root and (root not in world.posts or world.posts[root]["channel_id"] != channel.id):
        return Refusal(400, "api.post.create_post.root_id.app_error", "Invalid RootId parameter.")
    return ARCHIVED if channel.delete_at else None
