"""The reservations of a cluster: the list, and deleting one."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request, Response

from headgate.actions.refusals import NotPermittedError
from headgate.errors import HeadgateError, NotFoundError
from headgate.model.hostlist import fold_hosts
from headgate.model.right import Right
from headgate.web.pages.forms import TheForm
from headgate.web.pages.frame import go_on, page
from headgate.web.pages.nodes.asking import for_a_moment, reservations
from headgate.web.pages.nodes.changes import rows_of
from headgate.web.pages.site import Site
from headgate.web.pages.visitor import TheSite, TheVisitor, Visitor

router = APIRouter()
_DELETE: Final = "slurm.reservation.delete"
_Cluster = Annotated[str, Query(max_length=100, pattern=r"^[^\x00]*$")]


@router.get("/nodes/reservations")
async def listed(request: Request, site: TheSite, visitor: TheVisitor, cluster: _Cluster = "") -> Response:
    """Show the reservations of one cluster."""
    visitor.require(Right.SEE_CLUSTER)
    if cluster not in site.clusters:
        raise NotFoundError(f"there is no cluster {cluster[:64]!a}")
    found = await for_a_moment(reservations(site, visitor, cluster))
    shown: list[dict[str, Any]] = [_shown(one) for one in found.value or ()]
    return await page(
        request,
        site,
        visitor,
        "nodes/reservations.html",
        reservations=shown,
        problem=found.problem,
        cluster=cluster,
        clusters=list(site.clusters),
        may_delete=_may(site, visitor),
    )


@router.post("/nodes/reservations/delete")
async def delete(request: Request, site: TheSite, visitor: TheVisitor, form: TheForm) -> Response:
    """Delete a reservation: first show what that means, then do it."""
    name, cluster, why = form.get("name"), form.get("cluster"), form.get("why")[:500]
    sure = form.get("sure") == "yes"
    if not _may(site, visitor):
        raise NotPermittedError(f"{visitor.user} may not delete reservations")
    try:
        result = await site.desk.actions.run(
            _DELETE, {"name": name}, visitor.caller, why=why, dry_run=not sure, cluster=cluster
        )
    except HeadgateError as error:
        if not sure:
            raise
        return await go_on(site, visitor, f"/nodes/reservations?cluster={_known(site, cluster)}", error.message,
                           kind="failed")  # fmt: skip
    if sure:
        text = f"The reservation {name} was deleted."
        return await go_on(site, visitor, f"/nodes/reservations?cluster={_known(site, cluster)}", text)
    return await page(
        request,
        site,
        visitor,
        "nodes/delete_reservation.html",
        status=HTTPStatus.OK,
        name=name,
        cluster=cluster,
        rows=rows_of(result, name),
    )


def _may(site: Site, visitor: Visitor) -> bool:
    catalogue = site.desk.actions.catalogue
    return _DELETE in catalogue and visitor.caller.may(catalogue.get(_DELETE).role)


def _known(site: Site, cluster: str) -> str:
    return cluster if cluster in site.clusters else ""


def _shown(one: dict[str, Any]) -> dict[str, Any]:
    nodes = [str(name) for name in one.get("nodes") or ()]
    return {**one, "folded": fold_hosts(",".join(nodes)) or "", "count": len(nodes)}
