"""What a fake GitHub tells: payloads that begin as its published samples, signed."""

from __future__ import annotations

import copy
import functools
import hashlib
import hmac
import json
from pathlib import Path
from typing import Any, Final

from headgate.testing.github.description import Description
from headgate.testing.github.shapes import Shapes, moment
from headgate.testing.github.world import Comment, PullRequest, User

SAMPLES: Final = Path("node_modules/@octokit/webhooks-examples/api.github.com/index.json")


@functools.cache
def _samples(modules: Path) -> dict[str, list[dict[str, Any]]]:
    return {one["name"]: one["examples"] for one in json.loads((modules / SAMPLES).read_bytes())}


class Payloads:
    """Makes payloads. ``modules``: where the samples are."""

    def __init__(self, modules: Path, description: Description, shapes: Shapes) -> None:
        self._modules = modules
        self._description = description
        self._shapes = shapes

    def commented(self, pull: PullRequest, comment: Comment, action: str = "created") -> dict[str, Any]:
        """Return that a comment was written (``edited``, ``deleted``)."""
        made = self._sample("issue_comment", "created")
        issue, shown = self._shapes.issue(pull), self._shapes.comment(pull, comment)
        wanted = ("number", "title", "state", "user", "updated_at", "closed_at", "html_url", "comments", "pull_request")
        made["issue"] |= {name: issue[name] for name in wanted if name in issue}
        if pull.is_issue:
            made["issue"].pop("pull_request", None)
        made["comment"] |= {
            name: shown[name] for name in ("id", "body", "user", "created_at", "updated_at", "html_url", "issue_url")
        }
        if action == "edited":
            made["changes"] = {"body": {"from": ""}}
        return self._about(made, pull, comment.author, action)

    def happened(self, action: str, pull: PullRequest, by: User, **more: Any) -> dict[str, Any]:
        """Return that something else happened to a pull request. ``more``: what this action alone tells."""
        made = self._sample("pull_request", "opened")
        own = made["pull_request"]
        own |= {
            "number": pull.number,
            "title": pull.title,
            "state": pull.state,
            "user": self._shapes.user(pull.author),
            "created_at": moment(pull.created_at),
            "updated_at": moment(pull.updated_at),
            "closed_at": moment(pull.closed_at),
            "merged_at": moment(pull.merged_at),
            "merged": pull.merged_at is not None,
            "html_url": self._shapes.pull_in_list(pull)["html_url"],
        }
        for side in ("head", "base"):
            own[side]["repo"].setdefault("has_discussions", False)
        own["head"]["sha"], own["base"]["sha"], own["base"]["ref"] = pull.head, pull.base, pull.base_branch
        made["number"] = pull.number
        return self._about(made, pull, by, action) | more

    def label(self, name: str) -> dict[str, Any]:
        """Return a label."""
        found = self._sample("pull_request", "labeled", valid=False)["label"]
        return {**found, "name": name}

    def _about(self, made: dict[str, Any], pull: PullRequest, by: User, action: str) -> dict[str, Any]:
        repository = pull.repository
        shown = self._shapes.repository(repository)
        made["repository"] |= {name: shown[name] for name in ("id", "name", "full_name", "private", "html_url")}
        made["repository"]["owner"] |= {"login": repository.path.split("/")[0]}
        made.pop("organization", None)
        if repository.installation is not None:
            made["installation"] = {"id": repository.installation.id, "node_id": "I"}
        return {**made, "action": action, "sender": self._shapes.user(by)}

    def _sample(self, event: str, action: str, *, valid: bool = True) -> dict[str, Any]:
        """Return a sample of GitHub's that is as its own description says, which a few are not."""
        for one in _samples(self._modules)[event]:
            if one["action"] == action and not (valid and self._description.faults_of_webhook(event, action, one)):
                return copy.deepcopy(one)
        raise LookupError(f"no sample of {event}/{action} is valid")


def signed(body: bytes, secret: str, event: str, guid: str, app_id: int) -> dict[str, str]:
    """Return the headers of a delivery."""
    made = {
        "Accept": "*/*",
        "Content-Type": "application/json",
        "User-Agent": "GitHub-Hookshot/fake",
        "X-GitHub-Delivery": guid,
        "X-GitHub-Event": event,
        "X-GitHub-Hook-ID": "1",
        "X-GitHub-Hook-Installation-Target-ID": str(app_id),
        "X-GitHub-Hook-Installation-Target-Type": "integration",
    }
    if secret:
        made["X-Hub-Signature"] = "sha1=" + hmac.new(secret.encode(), body, hashlib.sha1).hexdigest()
        made["X-Hub-Signature-256"] = "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return made
