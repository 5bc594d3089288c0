"""Webhooks as GitHub sends them, for tests: its own sample payloads, changed where a test needs it, and signed."""

from __future__ import annotations

import copy
import functools
import hashlib
import hmac
import json
import uuid
from pathlib import Path
from typing import Any

import pytest

from headgate.config.builds import ForgeSettings, GitHubSettings, GitLabSettings

MODULES = Path(__file__).resolve().parents[3] / ".counterparts"
SAMPLES = MODULES / "node_modules" / "@octokit" / "webhooks-examples" / "api.github.com" / "index.json"
SECRET = "it is a secret"
needs_samples = pytest.mark.skipif(not SAMPLES.exists(), reason="@octokit/webhooks-examples is not in .counterparts")


@functools.cache
def _samples() -> dict[str, list[dict[str, Any]]]:
    return {one["name"]: one["examples"] for one in json.loads(SAMPLES.read_text())}


def samples(event: str) -> list[dict[str, Any]]:
    """Return GitHub's sample payloads of an event."""
    return copy.deepcopy(_samples()[event])


def comment(
    body: str | None = "bot: help", *, number: int = 7, on_pull_request: bool = True, **changed: Any
) -> dict[str, Any]:
    """Return the payload of a comment that was just written. ``changed``: fields of the comment."""
    payload = next(one for one in samples("issue_comment") if one["action"] == "created")
    payload["issue"]["number"] = number
    payload["issue"].pop("pull_request", None)
    if on_pull_request:
        payload["issue"]["pull_request"] = {"url": "https://api.github.com/repos/Codertocat/Hello-World/pulls/7"}
    payload["comment"] |= {"body": body, **changed}
    return payload


def pull_request(action: str, **changed: Any) -> dict[str, Any]:
    """Return the payload of something else that happened to a pull request. ``changed``: its fields."""
    payload = next(one for one in samples("pull_request") if one["action"] == action)
    payload["pull_request"] |= changed
    return payload


def headers(body: bytes, event: str, *, secret: str = SECRET, delivery: str = "", **more: str) -> dict[str, str]:
    """Return the headers GitHub sends with a body, signed both ways."""
    key = secret.encode()
    return {
        "content-type": "application/json",
        "x-github-event": event,
        "x-github-delivery": delivery or str(uuid.uuid4()),
        "x-hub-signature": "sha1=" + hmac.new(key, body, hashlib.sha1).hexdigest(),
        "x-hub-signature-256": "sha256=" + hmac.new(key, body, hashlib.sha256).hexdigest(),
        **{name.replace("_", "-"): value for name, value in more.items()},
    }


def github(secret: str = SECRET, *, app_id: int = 1, **more: Any) -> GitHubSettings:
    """Return the settings of an App."""
    given = {"kind": "github", "app_id": app_id, "private_key": Path("/nowhere"), "webhook_secret": secret, **more}
    return GitHubSettings.model_validate(given)


def gitlab(secret: str = SECRET, **more: Any) -> GitLabSettings:
    """Return the settings of a GitLab."""
    return GitLabSettings.model_validate({"kind": "gitlab", "token": "glpat", "webhook_secret": secret, **more})


def forges(**given: ForgeSettings) -> dict[str, ForgeSettings]:
    """Return forges by name."""
    return dict(given)
