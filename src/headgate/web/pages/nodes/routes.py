"""The list of nodes, and the page of one."""

from __future__ import annotations

import asyncio
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Query, Request, Response
from sqlalchemy import Connection

from headgate.errors import NotFoundError
from headgate.model.right import Right
from headgate.store import node_history, nodes
from headgate.store.journal import Recorded
from headgate.store.node_history import ExecutionAbout
from headgate.web.pages.frame import page
from headgate.web.pages.nodes.asking import for_a_moment, holds, jobs_on, reservations
from headgate.web.pages.nodes.lately import lately
from headgate.web.pages.nodes.order_routes import offered
from headgate.web.pages.nodes.order_routes import router as orders
from headgate.web.pages.nodes.reservation_routes import router as reserving
from headgate.web.pages.nodes.shown import ShownNode, clusters_of, shown
from headgate.web.pages.nodes.timeline import timeline
from headgate.web.pages.nodes.wanted import WantedNodes, counted
from headgate.web.pages.nodes.watching import Watching, watching
from headgate.web.pages.visitor import TheSite, TheVisitor

router = APIRouter()
router.include_router(orders)
router.include_router(reserving)
_MOST_NODES: Final = 50_000
_IN_LIST: Final = 100
_IN_GRID: Final = 600
_MOST_EVENTS: Final = 50
_MOST_EXECUTIONS: Final = 50
_MOST_JOBS: Final = 100
_Word = Annotated[str, Query(max_length=300, pattern=r"^[^\x00]*$")]


def _wanted(
    q: _Word = "", state: _Word = "", partition: _Word = "", feature: _Word = "", cluster: _Word = ""
) -> WantedNodes:
    return WantedNodes(cluster, state, partition, feature.strip(), q.strip())


def _view(view: _Word = "", number: Annotated[int, Query(alias="page", ge=1, le=100_000)] = 1) -> tuple[str, int]:
    return "grid" if view == "grid" else "list", number


@router.get("/nodes")
async def all_nodes(
    request: Request,
    site: TheSite,
    visitor: TheVisitor,
    wanted: Annotated[WantedNodes, Depends(_wanted)],
    how: Annotated[tuple[str, int], Depends(_view)],
) -> Response:
    """Show the nodes, as a list or as a grid."""
    visitor.require(Right.SEE_CLUSTER)
    view, number = how

    def work(connection: Connection) -> tuple[list[ShownNode], list[Watching]]:
        return shown(nodes.everywhere(connection, _MOST_NODES)), watching(connection, site)

    known, watched = await site.store.read(work)
    chosen = wanted.chosen(known)
    matching = wanted.standing_so(chosen)
    size = _IN_GRID if view == "grid" else _IN_LIST
    first, last = (number - 1) * size, min(number * size, len(matching))
    return await page(
        request,
        site,
        visitor,
        "nodes/nodes.html",
        nodes=matching[first : first + size],
        matching=len(matching),
        chosen=len(chosen),
        known=len(known),
        counts=counted(chosen),
        partitions=sorted({name for node in known for name in node.partitions}),
        clusters=clusters_of(known),
        watched=watched,
        orders=offered(site, visitor),
        view=view,
        query={**wanted.query, "view": "" if view == "list" else view},
        before=number - 1 if number > 1 else None,
        after=number + 1 if last < len(matching) else None,
        words=f"{first + 1} to {last} of {len(matching)}",
    )


@router.get("/nodes/{cluster}/{name}")
async def one_node(  # noqa: PLR0917 - FastAPI hands them over by name
    request: Request,
    site: TheSite,
    visitor: TheVisitor,
    cluster: str,
    name: str,
    before: Annotated[int | None, Query(ge=1, lt=10**15)] = None,
) -> Response:
    """Show one node: what is known of it, what runs there, and what became of it."""
    visitor.require(Right.SEE_CLUSTER)

    def work(
        connection: Connection,
    ) -> tuple[ShownNode, list[Recorded], list[ExecutionAbout], list[Watching]]:
        stored = nodes.one_of(connection, cluster, name)
        if stored is None:
            raise NotFoundError(f"there is no node {name[:64]!a} on the cluster {cluster[:64]!a}")
        found = node_history.events_of(connection, cluster, name, before=before, limit=_MOST_EVENTS)
        about = node_history.executions_about(connection, cluster, name, limit=_MOST_EXECUTIONS)
        return ShownNode.of(stored), found, about, watching(connection, site)

    node, recorded, executions, watched = await site.store.read(work)
    actions = site.desk.actions
    running, reserved = await asyncio.gather(
        for_a_moment(lately(actions, ("jobs", cluster, name), lambda: jobs_on(site, cluster, [name]))),
        for_a_moment(lately(actions, ("reservations", cluster), lambda: reservations(site, visitor, cluster))),
    )
    jobs = [job for job in running.value or () if visitor.sees_job_of(job.user)]
    return await page(
        request,
        site,
        visitor,
        "nodes/node.html",
        node=node,
        timeline=timeline(recorded, executions if visitor.has(Right.SEE_AUTOMATION) else []),
        older=recorded[-1].id if len(recorded) == _MOST_EVENTS else None,
        before=before,
        jobs=jobs[:_MOST_JOBS],
        jobs_more=max(len(jobs) - _MOST_JOBS, 0),
        jobs_problem=running.problem,
        reservations=[one for one in reserved.value or () if holds(one, name)],
        reservations_problem=reserved.problem,
        watched=watched,
        orders=offered(site, visitor),
    )
