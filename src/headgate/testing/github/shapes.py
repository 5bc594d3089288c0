"""What there is, in the form of GitHub's answers. Each begins as an example of its description."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from headgate.testing.github.description import Description
from headgate.testing.github.world import Comment, Delivery, Installation, PullRequest, Repository, User, World


def moment(second: float | None) -> str | None:
    """Return a time as GitHub writes it."""
    return None if second is None else datetime.fromtimestamp(int(second), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class Shapes:
    """Makes answers. ``web``: the address people look at; ``api``: the API's."""

    def __init__(self, description: Description, world: World, web: str, api: str) -> None:
        self._description = description
        self._world = world
        self._web = web
        self._api = api

    def app(self, app_id: int, slug: str) -> dict[str, Any]:
        """Return the App."""
        made: dict[str, Any] = self._description.example("integration")
        asked = {"permissions": self._world.permissions, "events": self._world.events}
        return made | {"id": app_id, "slug": slug, "name": slug} | asked

    def user(self, user: User) -> dict[str, Any]:
        """Return an account."""
        made: dict[str, Any] = self._description.example("simple-user")
        return made | {
            "login": user.login,
            "id": user.id,
            "type": user.type,
            "html_url": f"{self._web}/{user.login}",
            "url": f"{self._api}/users/{user.login}",
        }

    def installation(self, installation: Installation, app_id: int, slug: str) -> dict[str, Any]:
        """Return an installation."""
        made: dict[str, Any] = self._description.example("installation")
        return made | {
            "id": installation.id,
            "account": self.user(installation.account),
            "app_id": app_id,
            "app_slug": slug,
            "target_id": installation.account.id,
            "target_type": installation.account.type,
            "permissions": installation.permissions,
            "suspended_at": moment(self._world.now()) if installation.suspended else None,
            "suspended_by": None,
        }

    def repository(self, repository: Repository) -> dict[str, Any]:
        """Return a repository."""
        made: dict[str, Any] = self._description.example("repository-paginated-2")["repositories"][0]
        owner, name = repository.path.split("/")
        return made | {
            "id": repository.id,
            "name": name,
            "full_name": repository.path,
            "owner": self.user(self._world.add_user(owner, "Organization")),
            "private": repository.private,
            "html_url": f"{self._web}/{repository.path}",
            "url": f"{self._api}/repos/{repository.path}",
            "clone_url": f"{self._web}/{repository.path}.git",
        }

    def pull(self, pull: PullRequest) -> dict[str, Any]:
        """Return a pull request, as when it is asked for alone."""
        return self._pull(self._description.example("pull-request"), pull) | {
            "merged": pull.merged_at is not None,
            "merged_by": None,
            "comments": len(pull.comments),
        }

    def pull_in_list(self, pull: PullRequest) -> dict[str, Any]:
        """Return a pull request as one of several."""
        return self._pull(self._description.example("pull-request-simple-items")[0], pull)

    def issue(self, pull: PullRequest) -> dict[str, Any]:
        """Return a pull request as an issue, which it is as well, or an issue."""
        made: dict[str, Any] = self._description.example("issue-items")[0]
        made |= {
            "id": pull.number + 500_000,
            "number": pull.number,
            "title": pull.title,
            "state": pull.state,
            "user": self.user(pull.author),
            "labels": [],
            "created_at": moment(pull.created_at),
            "updated_at": moment(pull.updated_at),
            "closed_at": moment(pull.closed_at),
            "comments": len(pull.comments),
            "html_url": self._page(pull),
            "url": f"{self._api}/repos/{pull.repository.path}/issues/{pull.number}",
            "repository_url": f"{self._api}/repos/{pull.repository.path}",
        }
        made.pop("repository", None)
        made.pop("pull_request", None)
        if not pull.is_issue:
            url = f"{self._api}/repos/{pull.repository.path}/pulls/{pull.number}"
            page = self._page(pull)
            made["pull_request"] = {
                "url": url,
                "html_url": page,
                "diff_url": f"{page}.diff",
                "patch_url": f"{page}.patch",
                "merged_at": moment(pull.merged_at),
            }
        return made

    def comment(self, pull: PullRequest, comment: Comment) -> dict[str, Any]:
        """Return a comment."""
        made: dict[str, Any] = self._description.example("issue-comment")
        return made | {
            "id": comment.id,
            "body": comment.body,
            "user": self.user(comment.author),
            "created_at": moment(comment.created_at),
            "updated_at": moment(comment.updated_at),
            "url": f"{self._api}/repos/{pull.repository.path}/issues/comments/{comment.id}",
            "html_url": f"{self._page(pull)}#issuecomment-{comment.id}",
            "issue_url": f"{self._api}/repos/{pull.repository.path}/issues/{pull.number}",
        }

    def reaction(self, number: int, content: str, by: User) -> dict[str, Any]:
        """Return a reaction."""
        made: dict[str, Any] = self._description.example("reaction")
        return made | {"id": number, "content": content, "user": self.user(by)}

    def status(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Return a commit's status as it was set."""
        made: dict[str, Any] = self._description.example("status")
        made |= {"state": asked["state"], "context": asked.get("context", "default")}
        return made | {"description": asked.get("description"), "target_url": asked.get("target_url")}

    def delivery(self, delivery: Delivery, *, whole: bool) -> dict[str, Any]:
        """Return a delivery; ``whole``: with what was sent."""
        made: dict[str, Any] = {
            "id": delivery.id,
            "guid": delivery.guid,
            "delivered_at": moment(delivery.delivered_at),
            "redelivery": delivery.redelivery,
            "duration": delivery.duration,
            "status": delivery.status,
            "status_code": delivery.status_code,
            "event": delivery.event,
            "action": delivery.action or None,
            "installation_id": delivery.installation_id,
            "repository_id": delivery.repository_id,
            "throttled_at": None,
        }
        if whole:
            made["request"] = {"headers": delivery.headers, "payload": delivery.payload}
            made["response"] = {"headers": {}, "payload": ""}
        return made

    def _pull(self, made: dict[str, Any], pull: PullRequest) -> dict[str, Any]:
        base, head = made["base"], made["head"]
        base |= {"sha": pull.base, "ref": pull.base_branch, "label": f"{pull.repository.path}:{pull.base_branch}"}
        head |= {"sha": pull.head, "ref": "change"}
        base["repo"] |= self._named(pull.repository.path)
        head["repo"] = head["repo"] | self._named(pull.head_repository) if pull.head_repository else None
        return made | {
            "number": pull.number,
            "title": pull.title,
            "state": pull.state,
            "user": self.user(pull.author),
            "labels": [self._label(name) for name in pull.labels],
            "requested_teams": [],
            "created_at": moment(pull.created_at),
            "updated_at": moment(pull.updated_at),
            "closed_at": moment(pull.closed_at),
            "merged_at": moment(pull.merged_at),
            "html_url": self._page(pull),
        }

    def _named(self, path: str) -> dict[str, Any]:
        return {"full_name": path, "name": path.split("/")[1], "html_url": f"{self._web}/{path}"}

    def _label(self, name: str) -> dict[str, Any]:
        return {
            "id": 1,
            "node_id": "L",
            "url": f"{self._api}/labels/1",
            "name": name,
            "description": "",
            "color": "f29513",
            "default": False,
        }

    def _page(self, pull: PullRequest) -> str:
        return f"{self._web}/{pull.repository.path}/{'issues' if pull.is_issue else 'pull'}/{pull.number}"
