"""Who may use which route: of the pages, the API, the local socket, and what else the service answers.

The routes themselves hold it; a test asks every one of them as everybody and holds the answers against this table. A
route without a line here fails there. The page of the documentation is made from it.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Final

from headgate.model.right import Right


class Who(enum.Enum):
    """Who may, where it is no right that decides. The value is for people."""

    ANYBODY = "anybody"
    SIGNED_IN = "whoever is signed in"
    """With ``others``: they are shown their own, and everybody's if they have that right."""
    SELF = "whoever is signed in, about themselves"
    OWNER = "whose it is"
    """Their own; of others as ``Line.others`` says, and otherwise it is not there."""
    USER_HERE = "users of this host, about themselves"
    APP = "an app, for a user its rules allow; what is its own and theirs"
    APP_OR_OPEN = "an app, or whoever comes from `gateway.tasks_open_to`"
    OWN_JOB = "the app and the user whose job it is"
    OWN_APP = "the app itself"
    ACTION = "the role that the action names"
    RULE = f"the role that the rule names; if it names none, {Right.DECIDE.role}"
    FORGE = "a forge, by its signature"
    OUTPUTS = "the role in `pages.outputs`"


@dataclass(frozen=True, slots=True)
class Line:
    """A route, and who may use it. ``others``: who may besides, or where it is not their own."""

    method: str
    path: str
    who: Who | Right
    others: Right | Who | None = None


PAGES: Final = (
    Line("GET", "/", Who.ANYBODY),
    Line("GET", "/ui/static/{mark}/{name}", Who.ANYBODY),
    Line("GET", "/ui/sign-in", Who.ANYBODY),
    Line("GET", "/ui/sign-in/link/{secret}", Who.ANYBODY),
    Line("POST", "/ui/sign-in/link", Who.ANYBODY),
    Line("GET", "/ui/sign-in/oidc", Who.ANYBODY),
    Line("GET", "/ui/sign-in/oidc/back", Who.ANYBODY),
    Line("POST", "/ui/sign-out", Who.SIGNED_IN),
    Line("POST", "/ui/theme", Who.SIGNED_IN),
    Line("GET", "/ui/live", Who.SIGNED_IN),
    Line("GET", "/ui/", Who.SIGNED_IN, Right.SEE_CLUSTER),
    Line("GET", "/ui/jobs", Who.SIGNED_IN, Right.SEE_JOBS),
    Line("GET", "/ui/jobs/{cluster}/{job_id:int}", Who.OWNER, Right.SEE_JOBS),
    Line("GET", "/ui/jobs/{cluster}/array/{array_id:int}", Who.OWNER, Right.SEE_JOBS),
    Line("GET", "/ui/jobs/{cluster}/{job_id:int}/output", Who.OWNER, Who.OUTPUTS),
    Line("GET", "/ui/jobs/{cluster}/{job_id:int}/output/more", Who.OWNER, Who.OUTPUTS),
    Line("GET", "/ui/jobs/{cluster}/{job_id:int}/files", Who.OWNER),
    Line("GET", "/ui/jobs/{cluster}/{job_id:int}/files/download", Who.OWNER),
    Line("POST", "/ui/jobs/orders", Who.OWNER, Who.ACTION),
    Line("POST", "/ui/jobs/orders/run", Who.OWNER, Who.ACTION),
    Line("GET", "/ui/nodes", Right.SEE_CLUSTER),
    Line("GET", "/ui/nodes/{cluster}/{name}", Right.SEE_CLUSTER),
    Line("POST", "/ui/nodes/order", Who.ACTION),
    Line("POST", "/ui/nodes/order/preview", Who.ACTION),
    Line("POST", "/ui/nodes/order/do", Who.ACTION),
    Line("GET", "/ui/nodes/reservations", Right.SEE_CLUSTER),
    Line("POST", "/ui/nodes/reservations/delete", Who.ACTION),
    Line("GET", "/ui/notifications", Who.SIGNED_IN, Right.SEE_DELIVERIES),
    Line("GET", "/ui/notifications/{number:int}", Who.OWNER, Right.SEE_DELIVERIES),
    Line("POST", "/ui/notifications/change", Right.CHANGE_DELIVERIES),
    Line("POST", "/ui/notifications/changed", Right.CHANGE_DELIVERIES),
    Line("GET", "/ui/notifications/preview", Who.OWNER, Right.SEE_DELIVERIES),
    Line("GET", "/ui/notifications/preview/shown", Who.OWNER, Right.SEE_DELIVERIES),
    Line("GET", "/ui/notifications/connectors", Right.SEE_DELIVERIES),
    Line("POST", "/ui/notifications/connectors/trial", Right.TRY_CONNECTORS),
    Line("GET", "/ui/me", Who.SELF),
    Line("POST", "/ui/me/code", Who.SELF),
    Line("POST", "/ui/me/unlink", Who.SELF),
    Line("POST", "/ui/me/prefer", Who.SELF),
    Line("POST", "/ui/me/subscribe", Who.SELF),
    Line("POST", "/ui/me/unsubscribe", Who.SELF),
    Line("POST", "/ui/me/sessions/end", Who.SELF),
    Line("GET", "/ui/automation", Right.SEE_AUTOMATION),
    Line("GET", "/ui/automation/rules/{ref}", Right.SEE_AUTOMATION),
    Line("POST", "/ui/automation/rules/{ref}/switch", Right.CHANGE_RULES),
    Line("GET", "/ui/automation/executions", Right.SEE_AUTOMATION),
    Line("GET", "/ui/automation/executions/{number}", Right.SEE_AUTOMATION),
    Line("POST", "/ui/automation/executions/{number}/decide", Who.RULE),
    Line("GET", "/ui/builds", Right.SEE_BUILDS),
    Line("GET", "/ui/builds/runs/{number}", Right.SEE_BUILDS),
    Line("GET", "/ui/builds/jobs/{number}", Right.SEE_BUILDS),
    Line("POST", "/ui/builds/jobs/{number}/cancel", Right.CHANGE_BUILDS),
    Line("POST", "/ui/builds/jobs/{number}/retry", Right.CHANGE_BUILDS),
    Line("POST", "/ui/builds/runs/{number}/replay", Right.CHANGE_BUILDS),
    Line("POST", "/ui/builds/runs/{number}/deploy", Right.CHANGE_BUILDS),
    Line("GET", "/ui/administration", Right.ADMINISTER),
    Line("GET", "/ui/administration/apps", Right.ADMINISTER),
    Line("POST", "/ui/administration/apps/add", Right.ADMINISTER),
    Line("GET", "/ui/administration/apps/{app_id}", Right.ADMINISTER),
    Line("POST", "/ui/administration/apps/{app_id}/change", Right.ADMINISTER),
    Line("POST", "/ui/administration/apps/{app_id}/switch", Right.ADMINISTER),
    Line("POST", "/ui/administration/apps/{app_id}/tokens/add", Right.ADMINISTER),
    Line("POST", "/ui/administration/apps/{app_id}/tokens/revoke", Right.ADMINISTER),
    Line("GET", "/ui/administration/tokens", Right.ADMINISTER),
    Line("POST", "/ui/administration/tokens/add", Right.ADMINISTER),
    Line("POST", "/ui/administration/tokens/revoke", Right.ADMINISTER),
    Line("GET", "/ui/administration/roles", Right.ADMINISTER),
    Line("GET", "/ui/administration/audit", Right.ADMINISTER),
    Line("GET", "/ui/administration/configuration", Right.ADMINISTER),
    Line("GET", "/ui/administration/doctor", Right.ADMINISTER),
    Line("POST", "/ui/administration/doctor", Right.ADMINISTER),
)
"""Below ``/ui``. What is an own thing has ``Who.OWNER``, and ``others`` for the right to everybody's."""


def _jobs(*prefixes: str) -> tuple[Line, ...]:
    """Return the routes of jobs, which are at two places."""
    whole = (("GET", ""), ("POST", ""))
    single = (
        *(("GET", ""), ("DELETE", ""), ("PATCH", ""), ("GET", "/batch"), ("GET", "/tasks"), ("GET", "/tree")),
        *(("GET", "/out"), ("GET", "/err"), ("GET", "/files"), ("POST", "/files")),
        *((method, "/files/{path:path}") for method in ("GET", "PUT", "DELETE")),
        ("GET", "/checksum/{path:path}"),
        *(("PUT", f"/{verb}") for verb in ("status", "start", "stop", "prune", "hold", "release", "requeue")),
    )
    return tuple(
        line
        for prefix in prefixes
        for line in (
            *(Line(method, f"{prefix}/jobs{path}", Who.APP) for method, path in whole),
            *(Line(method, f"{prefix}/jobs/{{jobId}}{path}", Who.OWN_JOB) for method, path in single),
        )
    )


API: Final = (
    Line("GET", "/openapi.json", Who.ANYBODY),
    Line("GET", "/apps", Right.ADMINISTER),
    Line("POST", "/apps", Right.ADMINISTER),
    Line("GET", "/apps/{appId}", Who.OWN_APP, Right.ADMINISTER),
    Line("PATCH", "/apps/{appId}", Right.ADMINISTER),
    Line("DELETE", "/apps/{appId}", Right.ADMINISTER),
    Line("GET", "/apps/{appId}/tokens", Who.OWN_APP, Right.ADMINISTER),
    Line("POST", "/apps/{appId}/tokens", Right.ADMINISTER),
    Line("POST", "/apps/{appId}/tokens/rotate", Who.OWN_APP, Right.ADMINISTER),
    Line("DELETE", "/apps/{appId}/tokens/{tokenId}", Right.ADMINISTER),
    *_jobs("", "/apps/{appId}"),
    Line("GET", "/jobs/{jobId}/events", Who.OWN_JOB),
    Line("GET", "/events", Who.APP),
    Line("GET", "/hooks", Who.APP),
    Line("POST", "/hooks", Who.APP),
    Line("DELETE", "/hooks/{hookId}", Who.APP),
    Line("GET", "/templates", Who.APP),
    Line("GET", "/templates/{name}", Who.APP),
    Line("GET", "/actions", Right.SEE_ACTIONS),
    Line("GET", "/actions/{name}", Right.SEE_ACTIONS),
    Line("POST", "/actions/{name}", Who.ACTION),
    Line("GET", "/executions", Right.SEE_AUTOMATION),
    Line("GET", "/executions/{number}", Right.SEE_AUTOMATION),
    Line("POST", "/executions/{number}/approve", Who.RULE),
    Line("POST", "/executions/{number}/refuse", Who.RULE),
    Line("POST", "/executions/{number}/cancel", Who.RULE),
    Line("GET", "/triggers", Right.SEE_AUTOMATION),
    Line("GET", "/deliveries", Who.OWNER, Right.SEE_DELIVERIES),
    Line("GET", "/deliveries/{number}", Who.OWNER, Right.SEE_DELIVERIES),
    Line("POST", "/deliveries/{number}/replay", Right.CHANGE_DELIVERIES),
    Line("POST", "/deliveries/{number}/drop", Right.CHANGE_DELIVERIES),
    Line("GET", "/nodes", Right.SEE_CLUSTER),
    Line("GET", "/nodes/{cluster}/{name}", Right.SEE_CLUSTER),
    Line("GET", "/nodes/{cluster}/{name}/history", Right.SEE_CLUSTER),
    Line("GET", "/rules", Right.SEE_AUTOMATION),
    Line("GET", "/rules/{ref}", Right.SEE_AUTOMATION),
    Line("POST", "/rules/{ref}/enable", Right.CHANGE_RULES),
    Line("POST", "/rules/{ref}/disable", Right.CHANGE_RULES),
    Line("GET", "/builds", Right.SEE_BUILDS),
    Line("GET", "/builds/{number}", Right.SEE_BUILDS),
    Line("POST", "/builds/{number}/cancel", Right.CHANGE_BUILDS),
    Line("POST", "/builds/{number}/retry", Right.CHANGE_BUILDS),
    Line("GET", "/audit", Right.ADMINISTER),
    Line("GET", "/ping", Who.ANYBODY),
    Line("POST", "/submit", Who.APP_OR_OPEN),
    Line("POST", "/monitor", Who.APP_OR_OPEN),
    Line("GET", "/monitor/slurm_job_id/{job_id}", Who.APP_OR_OPEN),
    Line("DELETE", "/monitor/slurm_job_id/{job_id}", Who.APP_OR_OPEN),
    Line("GET", "/monitor/task_uuid/{uuid}", Who.APP_OR_OPEN),
    Line("GET", "/monitor/slurm_job_state/{state}", Who.APP_OR_OPEN),
    Line("GET", "/slurm/diag", Who.APP_OR_OPEN),
    Line("GET", "/slurm/jobs/{update_time}", Who.APP_OR_OPEN),
    Line("GET", "/slurm/job/{job_id}", Who.APP_OR_OPEN),
    Line("GET", "/slurm/job/{job_id}/", Who.APP_OR_OPEN),
    Line("POST", "/slurm/job/submit", Who.APP_OR_OPEN),
    Line("POST", "/slurm/job/submit/", Who.APP_OR_OPEN),
)
"""The REST API. An administrator's token has every right, and is no app: it acts for no user."""

SOCKET: Final = (
    Line("GET", "/me", Who.USER_HERE),
    Line("POST", "/me/codes", Who.USER_HERE),
    Line("POST", "/me/sign-ins", Who.USER_HERE),
    Line("GET", "/me/links", Who.USER_HERE),
    Line("DELETE", "/me/links/{connector}", Who.USER_HERE),
    Line("GET", "/me/preferences", Who.USER_HERE),
    Line("PUT", "/me/preferences", Who.USER_HERE),
    Line("GET", "/me/subscriptions", Who.USER_HERE),
    Line("POST", "/me/subscriptions", Who.USER_HERE),
    Line("DELETE", "/me/subscriptions/{number}", Who.USER_HERE),
    Line("GET", "/me/deliveries", Who.USER_HERE),
    Line("GET", "/actions", Right.SEE_ACTIONS),
    Line("POST", "/actions/{name}", Who.ACTION),
    Line("POST", "/executions/{number}/{decision}", Who.RULE),
)
"""The local socket, on which the kernel says who asks."""

SERVICE: Final = (
    Line("GET", "/healthz", Who.ANYBODY),
    Line("GET", "/readyz", Who.ANYBODY),
    Line("GET", "/metrics", Who.ANYBODY),
    Line("POST", "/github/webhook", Who.FORGE),
    Line("POST", "/github/webhook/{name}", Who.FORGE),
    Line("POST", "/gitlab/webhook", Who.FORGE),
    Line("POST", "/gitlab/webhook/{name}", Who.FORGE),
)
"""What the service answers besides."""
