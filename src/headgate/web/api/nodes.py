"""Nodes over REST: which there are, how each stands and why, and what became of one."""

from __future__ import annotations

from typing import Annotated, Any, Final, Self

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from pydantic import BaseModel, Field
from sqlalchemy import Connection

from headgate.errors import NotFoundError
from headgate.model.node_standing import NodeStanding
from headgate.model.right import Right
from headgate.store import node_history, nodes
from headgate.store.journal import Recorded
from headgate.web.api.actions import TheCaller
from headgate.web.api.asking import At
from headgate.web.api.paging import point_on
from headgate.web.pages.nodes.shown import ShownNode as KnownNode
from headgate.web.pages.nodes.shown import shown
from headgate.web.pages.nodes.wanted import WantedNodes

router = APIRouter(prefix="/nodes", tags=["nodes"])
_MOST_NODES: Final = 50_000
_LARGEST: Final = 10**15
_Word = Annotated[str, Query(max_length=300, pattern=r"^[^\x00]*$")]
_Name = Annotated[str, Path(max_length=300, pattern=r"^[^\x00]*$")]


class ShownNode(BaseModel):
    """A node, as the node watcher saw it last. Times are seconds since the epoch, memory is bytes; null: not known."""

    cluster: str
    name: str
    state: str = Field(description="Slurm's words: `IDLE+DRAIN`.")
    standing: NodeStanding = Field(description="The same in one word.")
    reason: str
    reason_user: str
    since: float | None = Field(description="When the reason was given, or since when the node has been silent.")
    boot_time: float | None
    slurmd_start_time: float | None
    partitions: list[str]
    reservation: str
    features: list[str]
    gres: str
    version: str
    cpus: int | None
    cpus_allocated: int | None
    memory: int | None
    memory_allocated: int | None
    gpus: int | None
    gpus_allocated: int | None

    @classmethod
    def of(cls, one: KnownNode) -> Self:
        """Show a node."""
        kept = {name: getattr(one, name) for name in cls.model_fields if name != "state"}
        return cls(state=one.state.text, **kept)


class NodeEvent(BaseModel):
    """Something that happened to a node."""

    id: int
    kind: str
    time: float
    source: str
    data: dict[str, Any] = Field(description="As in the journal.")

    @classmethod
    def of(cls, one: Recorded) -> Self:
        """Show an event."""
        event = one.event
        return cls(id=one.id, kind=event.kind.value, time=event.time, source=event.source.value, data=dict(event.data))


async def _wanted(
    *,
    cluster: Annotated[_Word, Query(description="Only of this cluster.")] = "",
    standing: Annotated[NodeStanding | None, Query(description="Only those that stand so.")] = None,
    partition: Annotated[_Word, Query(description="Only in this partition.")] = "",
    feature: Annotated[_Word, Query(description="Only with this feature or GRES: `gpu`, `gpu:a100:4`.")] = "",
    q: Annotated[_Word, Query(description="A hostlist, or part of a name, of a reason, or of who gave it.")] = "",
) -> WantedNodes:
    return WantedNodes(cluster, "" if standing is None else standing.value, partition, feature.strip(), q.strip())


@router.get("")
async def list_nodes(
    *,
    request: Request,
    response: Response,
    caller: TheCaller,
    at: At,
    wanted: Annotated[WantedNodes, Depends(_wanted)],
    limit: Annotated[int, Query(ge=1, le=1000, description="Nodes of one page.")] = 100,
    offset: Annotated[int, Query(ge=0, le=_MOST_NODES, description="Nodes before this page.")] = 0,
) -> list[ShownNode]:
    """List nodes by cluster and name, `n2` before `n10`. `Link` names the next page. Takes the role viewer."""
    caller.require(Right.SEE_CLUSTER)
    kept = await at.store.read(lambda connection: nodes.everywhere(connection, _MOST_NODES))
    found = wanted.standing_so(wanted.chosen(shown(kept)))
    if len(found) > offset + limit:
        point_on(request, response, "offset", offset + limit)
    return [ShownNode.of(one) for one in found[offset : offset + limit]]


@router.get("/{cluster}/{name}")
async def show_node(cluster: _Name, name: _Name, caller: TheCaller, at: At) -> ShownNode:
    """Show a node. Takes the role viewer."""
    caller.require(Right.SEE_CLUSTER)
    return ShownNode.of(await at.store.read(lambda connection: _known(connection, cluster, name)))


@router.get("/{cluster}/{name}/history")
async def list_history(
    *,
    request: Request,
    response: Response,
    cluster: _Name,
    name: _Name,
    caller: TheCaller,
    at: At,
    limit: Annotated[int, Query(ge=1, le=1000, description="Events of one page.")] = 100,
    before: Annotated[int | None, Query(ge=1, lt=_LARGEST, description="Where the page before ended.")] = None,
) -> list[NodeEvent]:
    """List what happened to a node, newest first. `Link` names the next page. Takes the role viewer."""
    caller.require(Right.SEE_CLUSTER)

    def work(connection: Connection) -> list[Recorded]:
        _known(connection, cluster, name)
        return node_history.events_of(connection, cluster, name, before=before, limit=limit + 1)

    found = await at.store.read(work)
    if len(found) > limit:
        point_on(request, response, "before", found[limit - 1].id)
    return [NodeEvent.of(one) for one in found[:limit]]


def _known(connection: Connection, cluster: str, name: str) -> KnownNode:
    """Return a node. Raises NotFoundError."""
    stored = nodes.one_of(connection, cluster, name)
    if stored is None:
        raise NotFoundError(f"there is no node {name[:64]!a} on the cluster {cluster[:64]!a}")
    return KnownNode.of(stored)
