"""Everybody asks for everything: what each route answers is what the table says. A route without a line fails."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlencode

import pytest
from starlette.types import ASGIApp

from headgate.actions.desk import Desk
from headgate.actions.roles import Roles
from headgate.config.gateway import GatewaySettings
from headgate.config.local import LocalSettings
from headgate.config.roles import Members, RolesSettings
from headgate.gateway.apps import Apps
from headgate.gateway.following import Follower
from headgate.gateway.gateway import Gateway
from headgate.model.app import AppRules
from headgate.model.right import Right
from headgate.model.role import Role
from headgate.store import sessions
from headgate.store.store import Store
from headgate.web.api.application import make_api
from headgate.web.app import make_app
from headgate.web.local.desk import LocalDesk
from headgate.web.local.peer import Peer
from headgate.web.local.routes import make_local_app
from headgate.web.pages.application import make_pages
from headgate.web.pages.notifications.preview import FRAMED
from headgate.web.pages.visitor import cookie_name
from headgate.web.permissions import API, PAGES, SERVICE, SOCKET, Line, Who
from tests.actions.made import walls
from tests.gateway.made import kept, submission
from tests.rules.waiting import waiting
from tests.web.enumerating import Answered, ask, routes_of
from tests.web.local.serving import ADDRESSING, CONNECTORS, SIGN_IN
from tests.web.pages.filled import OWN, THEIRS, filled_place
from tests.web.pages.jobs_seen import CLUSTER
from tests.web.pages.pages_place import PEOPLE, PagesPlace

_PARAMETER: Final = re.compile(r"\{([a-zA-Z_]+)(:path|:int)?\}")
EXAMPLES: Final[Mapping[str, str]] = {
    "/ui/live": "/ui/live?topics=none",
    "/monitor/slurm_job_state/{state}": "/monitor/slurm_job_state/RUNNING?username=ada",
    "/slurm/diag": "/slurm/diag?username=ada",
    "/ui/jobs/{cluster}/{job_id:int}/files/download": "/ui/jobs/{cluster}/{job_id}/files/download?path=slurm.out",
    "/ui/notifications/preview": "/ui/notifications/preview?message={number}",
    "/ui/notifications/preview/shown": "/ui/notifications/preview/shown?connector=slack&message={number}",
}
"""Routes -> how they are asked for, where it takes more than their parameters."""
_NODES: Final = {"order": "resume", "cluster": CLUSTER, "nodes": "n1", "name": "r"}
FIELDS: Final[Mapping[str, Mapping[str, str]]] = {
    "/ui/jobs/orders": {"order": "cancel", "job": "{cluster}/{job_id}"},
    "/ui/jobs/orders/run": {"order": "cancel", "job": "{cluster}/{job_id}"},
    "/ui/nodes/order": _NODES,
    "/ui/nodes/order/preview": _NODES,
    "/ui/nodes/order/do": _NODES,
    "/ui/nodes/reservations/delete": _NODES,
    "/ui/notifications/connectors/trial": {"connector": "mailto"},
    "/ui/automation/executions/{number}/decide": {"decision": "approve"},
}
"""Routes -> what their forms bring, where it decides who may."""
SHOWN: Final = {"/ui/": "Nodes in the last hour", "/ui/jobs": ">bob<", "/ui/notifications": "vera4@"}
"""Routes that show one's own -> what of somebody else's is on the page of whoever may see it."""
FRAMES: Final = ("/ui/notifications/preview/shown", "admin")
"""What is shown in a frame of our own."""
ROLE_OF: Final[Mapping[str, Role | None]] = {"user": None, **{role.value: role for role in Role}}
FORM: Final = {"content-type": "application/x-www-form-urlencoded"}
READ: Final = frozenset({"GET", "HEAD"})


def filled(path: str, given: Mapping[str, str]) -> str:
    """A route's path with its parameters; 1 for those that nothing is said of."""
    return _PARAMETER.sub(lambda match: quote(given.get(match[1], "1"), safe=""), EXAMPLES.get(path, path))


def form_of(path: str, given: Mapping[str, str], csrf: str) -> bytes:
    """What a form of a route brings, with its parameters."""
    fields = {name: value.format_map(given) for name, value in FIELDS.get(path, {}).items()}
    return urlencode({"csrf": csrf, **fields}).encode()


_BY_ROLE: Final = frozenset({Who.ACTION, Who.RULE})
"""What is for operators, as the examples and the settings have it here."""


def may(line: Line, role: Role | None) -> bool:
    """Whether a line lets a role do what is not one's own."""
    right = line.who if line.who in _BY_ROLE or isinstance(line.who, Right) else line.others
    if right is None or role is None:
        return False
    return role.covers(right.role if isinstance(right, Right) else Role.OPERATOR)


async def _nothing() -> Mapping[Any, Any]:
    return {}


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
def test_every_route_has_its_line_and_every_line_its_route(store: Store) -> None:
    desk = LocalDesk(store, LocalSettings(), CONNECTORS, ADDRESSING, "mailto")
    for app, table in (
        (make_pages(lambda: None), PAGES),
        (make_api(lambda: None), API),
        (make_local_app(desk), SOCKET),
        (make_app(_nothing, _nothing, lambda: None), SERVICE),
    ):
        assert sorted((line.method, line.path) for line in table) == routes_of(app)


async def asked_by(place: PagesPlace, role: str | None, line: Line, given: Mapping[str, str], **more: str) -> Answered:
    """Ask for a page as somebody; forms bring their session's token, and nothing else."""
    headers, body = dict(more), b""
    if role is not None:
        secret = await place.session(PEOPLE[role])
        headers["cookie"] = f"{cookie_name(place.site)}={secret}"
        if line.method not in READ:
            found = await place.store.read(lambda c: sessions.find(c, secret, now=time.time(), idle=60.0))
            assert found is not None
            headers, body = {**headers, **FORM}, form_of(line.path, given, found.csrf)
    return await ask(place.app, line.method, filled(line.path, given), headers, body)


def sent_to_sign_in(answer: Answered) -> bool:
    """Whether somebody has to sign in first."""
    return answer.status == 401 or answer.headers.get("location", "").startswith("/ui/sign-in?next=")


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
async def test_pages_are_for_whom_the_table_says(store: Store, tmp_path: Path) -> None:
    wrong: list[tuple[Line, str, object]] = []
    async with filled_place(store, tmp_path, pages={"outputs": "operator"}) as place:
        for line in PAGES:
            stranger = await asked_by(place, None, line, OWN)
            if sent_to_sign_in(stranger) != (line.who is not Who.ANYBODY):
                wrong.append((line, "stranger", stranger.status))
            for role in PEOPLE if line.who is not Who.ANYBODY else ():
                free, has = line.who in (Who.SIGNED_IN, Who.SELF, Who.OWNER), may(line, ROLE_OF[role])
                own = await asked_by(place, role, line, OWN)
                if sent_to_sign_in(own) or own.status >= 500:
                    wrong.append((line, role, own.status))
                if line.who is not Who.OWNER:
                    if (own.status == 403) == (free or has):
                        wrong.append((line, role, own.status))
                    if line.others is not None and (SHOWN[line.path] in own.text) != has:
                        wrong.append((line, role, "shows others'"))
                    continue
                if role == "user" and own.status in (403, 404):
                    wrong.append((line, "own", own.status))
                other = await asked_by(place, role, line, THEIRS)
                if (other.status in (403, 404)) == has:
                    wrong.append((line, f"{role} other's", other.status))
    assert not wrong, "\n".join(map(str, wrong))


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
async def test_every_form_is_refused_unless_it_comes_from_a_page_of_ours(store: Store, tmp_path: Path) -> None:
    async with filled_place(store, tmp_path) as place:
        forms = [line for line in PAGES if line.method not in READ]
        assert forms
        for line in forms:
            assert (await ask(place.app, "GET", filled(line.path, OWN))).status in (303, 404, 405)  # never by a link
            secret = await place.session("anna")
            cookie = {"cookie": f"{cookie_name(place.site)}={secret}", **FORM}
            for body in (b"", b"csrf=", b"csrf=" + b"x" * 43, b"csrf=%00", b"\xff"):
                answer = await ask(place.app, line.method, filled(line.path, OWN), cookie, body)
                assert answer.status in (400, 403), (line, body)
            for more in (
                {"sec-fetch-site": "cross-site"},
                {"sec-fetch-site": "same-site"},
                {"origin": "https://evil.example"},
                {"origin": "http://headgate.test.evil.example"},
                {"origin": "null"},
            ):
                answer = await asked_by(place, "admin", line, OWN, **more)
                assert (answer.status, "another site" in answer.text) == (403, True), (line, more)
            assert (await ask(place.app, "GET", "/ui/", cookie)).status == HTTPStatus.OK  # nobody was signed out


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
@pytest.mark.parametrize("url", ["", "https://headgate.test"])
async def test_every_answer_has_the_headers_that_protect_it(store: Store, tmp_path: Path, url: str) -> None:
    async with filled_place(store, tmp_path, pages={"url": url}) as place:
        for line in PAGES:
            for role in (None, "admin"):
                headers = (await asked_by(place, role, line, OWN)).headers
                policy = headers["content-security-policy"]
                if (line.path, role) == FRAMES:  # what services make of messages: looked at, and nothing else
                    assert (policy, headers["x-frame-options"]) == (FRAMED, "SAMEORIGIN")
                    assert "script" not in policy
                    continue
                assert "unsafe" not in policy
                assert {"default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'"} <= set(
                    policy.split("; ")
                )
                assert headers["x-frame-options"] == "DENY"
                assert headers["x-content-type-options"] == "nosniff"
                assert headers["referrer-policy"] == "same-origin"
                assert headers["cross-origin-opener-policy"] == "same-origin"
                assert headers["cross-origin-resource-policy"] == "same-origin"
                assert headers["x-permitted-cross-domain-policies"] == "none"
                assert headers["cache-control"] == "no-store"
                assert headers.get("strict-transport-security") == ("max-age=31536000" if url else None)
                assert not {"server", "x-powered-by", "access-control-allow-origin"} & set(headers)


async def served(store: Store) -> tuple[Any, dict[str, str], dict[str, str]]:
    """An API with apps of every role; name -> token, and what there is of ada's and portal's."""
    apps = Apps(store)
    tokens = {}
    own = await kept(store, submission("ada"))
    portal = await apps.named(own.app_id)
    _, tokens["portal"] = await apps.give_token(portal, "portal")
    rules = AppRules(any_user=True, rate=10_000, burst=100_000)
    for name in ("other", "viewer", "operator", "admin"):
        _, tokens[name] = await apps.add(name, rules)
    _, tokens["administrator"] = await apps.give_token(None, "first")
    roles = RolesSettings(**{role.value: Members(apps=(role.value,)) for role in Role})
    gateway = Gateway(GatewaySettings(), store, {}, Follower(frozenset(), 0.0), desk=Desk(walls(store), Roles(roles)))
    there = {"jobId": own.id, "appId": own.app_id, "name": "wall.paint", "number": str(await waiting(store))}
    return make_api(lambda: gateway), tokens, there


def allowed(line: Line, name: str) -> bool:
    """Whether an app of this name, or an administrator's token, may use a route of the API."""
    role = {**ROLE_OF, "administrator": Role.ADMIN}.get(name)
    match line.who:
        case Who.ANYBODY:
            return True
        case Who.APP | Who.OWN_JOB | Who.APP_OR_OPEN:
            below = line.path.startswith("/apps/{appId}/jobs")
            return name != "administrator" and (name == "portal" or not below)
        case Who.OWN_APP:
            return name == "portal" or may(line, role)
        case Who.ACTION | Who.RULE:
            return role is not None and role.covers(Role.OPERATOR)
        case _:
            return may(line, role)


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
async def test_the_api_is_for_whom_the_table_says(store: Store) -> None:
    api, tokens, there = await served(store)
    wrong = []
    # What takes something away comes last, so that it is there for the others.
    for line in sorted(
        API, key=lambda one: (one.method == "DELETE" and one.path == "/apps/{appId}", "rotate" in one.path)
    ):
        stranger = (await asked_with(api, None, line, there)).status
        if (stranger == 401) == (line.who is Who.ANYBODY):
            wrong.append((line, "stranger", stranger))
        for name, token in tokens.items():
            answer = await asked_with(api, token, line, there)
            # What is asked for is looked at first there, and what an administrator reads is nobody's, and so empty.
            vague = line.who is Who.APP_OR_OPEN and (answer.status == 400 or name == "administrator")
            if (answer.status in (401, 403)) == allowed(line, name) and not vague:
                wrong.append((line, name, answer.status))
    assert not wrong, "\n".join(map(str, wrong))


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
async def test_a_job_of_somebody_else_is_not_there(store: Store) -> None:
    api, tokens, there = await served(store)
    nowhere = {**there, "jobId": "10000000-0000-0000-0000-999999999999"}
    jobs = [line for line in API if line.who is Who.OWN_JOB]
    assert len(jobs) > 30
    for line in jobs:
        none = await asked_with(api, tokens["portal"], line, nowhere)
        assert none.status == 404
        others = [await asked_with(api, tokens["portal"], line, there, user="ben")]
        if "{appId}" not in line.path:
            others.append(await asked_with(api, tokens["other"], line, there))
            others.append(await asked_with(api, tokens["admin"], line, there))  # a role is no key to others' files
        for answer in others:
            assert (answer.status, answer.text) == (404, none.text), line


async def asked_with(
    api: ASGIApp, token: str | None, line: Line, given: Mapping[str, str], user: str = "ada"
) -> Answered:
    """Ask the API with a token, for a user where it is an app that acts for users."""
    headers = {"content-type": "application/json"} | ({} if token is None else {"x-auth-token": token})
    if line.who in (Who.APP, Who.OWN_JOB):
        headers["user"] = user
    answer = await ask(api, line.method, filled(line.path, given), headers, b"{}")
    assert answer.status != 429
    return answer


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
async def test_the_local_socket_is_for_whom_the_table_says(store: Store) -> None:
    accounts = {"user": ("daemon", 1), "viewer": ("bin", 2), "operator": ("sys", 3), "admin": ("sync", 4)}
    roles = RolesSettings(**{role.value: Members(users=(accounts[role.value][0],)) for role in Role})
    number = str(await waiting(store))
    desk = LocalDesk(
        store, LocalSettings(), CONNECTORS, ADDRESSING, "mailto", Desk(walls(store), Roles(roles)), SIGN_IN
    )
    app, given = make_local_app(desk), {"name": "wall.paint", "number": number, "decision": "approve"}
    wrong = []
    for line in SOCKET:
        assert not {"user", "uid", "account"} & set(_PARAMETER.findall(line.path))
        json = {"content-type": "application/json"}
        nobody = await ask(app, line.method, filled(line.path, given), json, b"{}", state={"peer": Peer(1, 54321, 1)})
        if nobody.status != 403:
            wrong.append((line, "no account", nobody.status))
        for name, (_, uid) in accounts.items():
            answer = await ask(
                app, line.method, filled(line.path, given), json, b"{}", state={"peer": Peer(1, uid, uid)}
            )
            if (answer.status == 403) == (line.who is Who.USER_HERE or allowed(line, name)):
                wrong.append((line, name, answer.status))
    assert not wrong, "\n".join(map(str, wrong))


def test_each_right_is_somebodys_and_each_role_may_what_those_before_it_may() -> None:
    for right in Right:
        holding = [role for role in Role if role.covers(right.role)]
        assert holding == list(Role)[list(Role).index(right.role) :]
    named = {line.who for line in (*PAGES, *API, *SOCKET)} | {line.others for line in (*PAGES, *API, *SOCKET)}
    assert {Right.ADMINISTER, Right.SEE_ACTIONS, Right.SEE_AUTOMATION} <= named
