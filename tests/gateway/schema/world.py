"""Requests, sensible and not, made from the API's own description, and what their answers have to be.

Three files ask, each about a group of operations, so that they can run side by side: ten thousand requests together.
"""

from __future__ import annotations

import asyncio
import collections
import contextlib
import itertools
import random
import uuid
from http import HTTPStatus
from typing import Any

import httpx2
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.gateway.schema.groups import Group, group_of
from tests.gateway.site import Gateway

EACH = 37
"""Requests made up for one operation: such as its schema allows, and as many others; each is sent twice."""
ROLES_NEEDED = ("/audit", "/builds", "/deliveries", "/executions", "/nodes", "/rules")
"""Where it takes a role: mostly asked with an administrator's token."""
THERE = {"path": ["batch.sh", "made", "made/below", "nothing"], "ref": ["headgate.requeue_after_node_fail"]}
"""Parameters -> what there is, or might be."""
SLOW = {"POST /monitor": 1}
"""Where a request for what is not there waits for Slurm to show it."""
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]


@schemathesis.serializer("application/zip")
def as_zip(_: schemathesis.SerializationContext, value: object) -> bytes:
    """Send whatever is made up where a zip file should be."""
    return value if isinstance(value, bytes) else str(value).encode()


Case = schemathesis.Case[Any]
Operation = schemathesis.APIOperation[Any, Any, Any, Any]


class World:
    """What requests are about: jobs and apps that are there, of which each request may take one away."""

    def __init__(self, gateway: Gateway) -> None:
        self.gateway = gateway
        self.base = f"http://127.0.0.1:{gateway.port}"
        headers = {"X-Auth-Token": gateway.token, "User": "ada"}
        self.client = httpx2.Client(base_url=self.base, headers=headers, trust_env=False, timeout=60)
        self.session = requests.Session()
        self.session.trust_env = False
        self.chance = random.Random(4)  # to be the same in every run
        self.wrong: list[str] = []
        self.jobs: list[str] = []
        self.apps: list[str] = []
        self.unknown: collections.Counter[int] = collections.Counter()
        self.statuses: collections.Counter[int] = collections.Counter()
        self.by_operation: dict[str, collections.Counter[int]] = {}

    def close(self) -> None:
        """Close connections."""
        self.client.close()
        self.session.close()

    def job(self, *, new: bool = False) -> str:
        """Return a job that was there a moment ago, or one that was made just now."""
        if new or len(self.jobs) < 5 or self.chance.random() < 0.05:
            start = not new and self.chance.random() < 0.5
            made = self.client.post("/jobs", json={"script": "#!/bin/sh\n", "start": start})
            self.jobs.append(made.json()["id"])
        return self.jobs[-1] if new else self.chance.choice(self.jobs)

    def app(self) -> str:
        """Return an app that was there a moment ago, and is not the one that asks."""
        if len(self.apps) < 3:
            headers = {"X-Auth-Token": self.gateway.admin}
            made = self.client.post("/apps", json={"name": f"app-{uuid.uuid4()}"}, headers=headers)
            self.apps.append(made.json()["id"])
        return self.chance.choice(self.apps)

    def administers(self, path: str) -> bool:
        """Whether a path is about apps and their tokens."""
        return path.startswith("/apps") and "/jobs" not in path

    def token_for(self, path: str) -> str:
        """Return the token that a path is asked with."""
        looks = path.startswith(ROLES_NEEDED) and self.chance.random() < 0.8
        return self.gateway.admin if self.administers(path) or looks else self.gateway.token

    def place(self, case: Case) -> None:
        """Put into a request what is there, most of the time."""
        parameters: dict[str, Any] = dict(case.path_parameters or {})
        administers = self.administers(case.operation.path)
        if "appId" in parameters and self.chance.random() < 0.9:
            parameters["appId"] = self.app() if administers else self.gateway.app.id
        if "jobId" in parameters and self.chance.random() < 0.9:
            parameters["jobId"] = self.job(new=case.method == "DELETE" and self.chance.random() < 0.8)
        there = [name for name in THERE if name in parameters and self.chance.random() < 0.5]
        parameters |= {name: self.chance.choice(THERE[name]) for name in there}
        case.path_parameters = parameters
        headers: dict[str, Any] = dict(case.headers or {})
        headers["X-Auth-Token"] = self.token_for(case.operation.path)
        if self.chance.random() < 0.95:
            headers["User"] = "ada"
        headers.pop("Authorization", None)
        case.headers.clear()
        case.headers.update(headers)
        body = case.body
        makes = case.method == "POST" and case.operation.path.endswith("/jobs")
        if makes and isinstance(body, dict) and self.chance.random() < 0.5:
            left = {name: value for name, value in body.items() if name in ("job_name", "hold", "start", "nice")}
            case.body = {**left, "script": "#!/bin/sh\n"}
        if case.operation.path == "/hooks" and isinstance(body, dict) and self.chance.random() < 0.5:
            case.body = {"url": "https://portal.example.org/told", "events": ["job.*"]}
        if case.operation.path == "/actions/{name}" and self.chance.random() < 0.7:
            case.path_parameters = {
                **parameters,
                "name": self.chance.choice(["command.run", "notify.send", "http.request"]),
            }
            if isinstance(body, dict) and self.chance.random() < 0.5:
                case.path_parameters["name"] = "command.run"
                case.body = {**body, "parameters": {"command": "true"}}
        if isinstance(case.query, dict) and str(case.query.get("follow", "")).lower() not in ("", "false"):
            case.query = {**case.query, "follow": "false"}

    def note(self, case: Case, status: int) -> None:
        """Count an answer, and forget what it took away."""
        self.statuses[status] += 1
        self.by_operation.setdefault(case.operation.label, collections.Counter())[status] += 1
        if case.method == "DELETE" and status < 300:
            gone = (case.path_parameters or {}).get("jobId") or (case.path_parameters or {}).get("appId")
            for pool in (self.jobs, self.apps):
                if gone in pool and not str(case.operation.path).endswith(("{path}", "{tokenId}")):
                    pool.remove(str(gone))


def asked(
    world: World, operation: schemathesis.APIOperation[Any, Any, Any, Any], mode: GenerationMode, most: int
) -> int:
    """Make up to this many requests to one operation; return how many."""
    count = itertools.count()
    guarded = bool(operation.definition.raw.get("security"))

    @settings(
        max_examples=most,
        phases=[Phase.generate],
        database=None,
        deadline=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def ask(case: Case) -> None:
        world.place(case)
        if guarded and world.chance.random() < 0.1:
            refused(case, world)
            next(count)
        for accepted in ("application/json", "*/*"):
            case.headers["Accept"] = accepted
            next(count)
            try:
                world.note(case, answered(case, world))
            except (AssertionError, BaseExceptionGroup, requests.RequestException) as error:
                # Told in the end: the same request again may be answered well, as the world is another then.
                world.wrong.append(f"{operation.label}: {error!r} {getattr(error, 'exceptions', '')}")

    with contextlib.suppress(Unsatisfiable):  # an operation that takes nothing cannot be asked wrongly
        ask()
    return next(count)


def refused(case: Case, world: World) -> None:
    """Ask the same without a token, or with a wrong one: nothing but 401, unless there is no reading it."""
    headers = {name: value for name, value in (case.headers or {}).items() if name != "X-Auth-Token"}
    if world.chance.random() < 0.5:
        headers["X-Auth-Token"] = "hgt_" + "x" * 43
    arguments = case.as_transport_kwargs(base_url=world.base, headers=None)
    arguments["headers"] = {name: value for name, value in arguments["headers"].items() if name not in case.headers}
    arguments["headers"].update(headers)
    answer = world.session.request(**arguments, timeout=60)
    no_route = answer.status_code == HTTPStatus.NOT_FOUND and '"detail":"Not Found"' in answer.text  # "%0A", say
    assert no_route or answer.status_code in {400, 401}, (answer.status_code, answer.text)
    world.unknown[answer.status_code] += 1


def answered(case: Case, world: World) -> int:
    """Make a request, check its answer, and return its status."""
    if case.operation.path.endswith(("/events", "/triggers")):
        return first_of_a_stream(case, world)
    answer = case.call(base_url=world.base, session=world.session, timeout=60)
    case.validate_response(answer, checks=CHECKS)
    return answer.status_code


def first_of_a_stream(case: Case, world: World) -> int:
    """Ask for a stream without an end; check what comes first, and return the status."""
    answer = world.session.request(**case.as_transport_kwargs(base_url=world.base), stream=True, timeout=20)
    kind = answer.headers["content-type"].partition(";")[0]
    try:
        if answer.status_code == HTTPStatus.OK:
            assert kind == "text/event-stream"
            assert next(answer.iter_content(1)) == b":"
        else:
            assert answer.status_code in {400, 401, 403, 404, 429}, answer.text
            assert kind in ("application/problem+json", "text/plain")
    finally:
        answer.close()
    return answer.status_code


async def ask_all(gateway: Gateway, group: Group) -> None:
    """Ask all operations of a group, sensibly and not, and check that every answer is one that is described."""
    world = World(gateway)
    schema = schemathesis.openapi.from_url(f"{world.base}/openapi.json")
    found = [one.ok() for one in schema.get_all_operations() if isinstance(one, Ok)]
    operations = [one for one in found if group_of(str(one.path)) is group]
    total = 0
    for operation in operations:
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            total += await asyncio.to_thread(asked, world, operation, mode, SLOW.get(operation.label, EACH))
    world.close()
    lines = [f"{label}: {dict(sorted(counted.items()))}" for label, counted in world.by_operation.items()]
    told = f"{total} requests to {len(operations)} operations: {dict(sorted(world.statuses.items()))}"
    print("", *lines, f"without a good token: {dict(world.unknown)}", told, sep="\n")  # noqa: T201 - figures to keep
    assert not world.wrong, "\n\n".join(world.wrong)
    assert total >= group.least, told
    assert sum(count for status, count in world.statuses.items() if status < HTTPStatus.BAD_REQUEST) > total / 10
    assert world.unknown[HTTPStatus.UNAUTHORIZED] > total / 100
