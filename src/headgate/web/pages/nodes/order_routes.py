"""Orders to nodes: the form, the preview, and what became of each node."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from fastapi import APIRouter, Request, Response

from headgate.actions.refusals import NotPermittedError, ParametersError
from headgate.actions.registry import Result
from headgate.errors import HeadgateError, NotFoundError
from headgate.model.hostlist import expand_hosts, fold_hosts
from headgate.web.pages.forms import Form, TheForm
from headgate.web.pages.frame import page
from headgate.web.pages.nodes.asking import for_a_moment, jobs_on
from headgate.web.pages.nodes.changes import rows_of
from headgate.web.pages.nodes.orders import ORDERS, Order
from headgate.web.pages.site import Site
from headgate.web.pages.visitor import TheSite, TheVisitor, Visitor

router = APIRouter()
_MOST_JOBS: Final = 50
_MOST_WHY: Final = 500


@dataclass(frozen=True, slots=True)
class Meant:
    """An order, and the nodes of one cluster that it is about."""

    order: Order
    cluster: str
    nodes: tuple[str, ...]

    @property
    def folded(self) -> str:
        """The nodes in short: ``n[1-3]``."""
        return fold_hosts(",".join(self.nodes)) or ",".join(self.nodes)


def offered(site: Site, visitor: Visitor) -> list[Order]:
    """Return the orders that a visitor may give."""
    catalogue = site.desk.actions.catalogue
    return [
        order
        for order in ORDERS.values()
        if order.action in catalogue and visitor.caller.may(catalogue.get(order.action).role)
    ]


@router.post("/nodes/order")
async def ask(request: Request, site: TheSite, visitor: TheVisitor, form: TheForm) -> Response:
    """Ask what an order needs to know."""
    meant = _meant(site, visitor, form)
    return await _form(request, site, visitor, meant, form)


@router.post("/nodes/order/preview")
async def preview(request: Request, site: TheSite, visitor: TheVisitor, form: TheForm) -> Response:
    """Show what an order would do, and which jobs run on its nodes."""
    meant = _meant(site, visitor, form)
    try:
        result = await _run(site, visitor, meant, form, dry_run=True)
    except (ParametersError, NotFoundError) as error:
        return await _form(request, site, visitor, meant, form, problem=error.message)
    running = await for_a_moment(jobs_on(site, meant.cluster, meant.nodes))
    jobs = [job for job in running.value or () if visitor.sees_job_of(job.user)]
    more: dict[str, Any] = {"jobs": jobs[:_MOST_JOBS], "jobs_count": len(jobs), "jobs_problem": running.problem}
    return await page(
        request, site, visitor, "nodes/preview.html", rows=_rows(meant, result, form), **_all(meant, form), **more
    )


@router.post("/nodes/order/do")
async def do(request: Request, site: TheSite, visitor: TheVisitor, form: TheForm) -> Response:
    """Do it, and show what became of each node."""
    meant = _meant(site, visitor, form)
    problem, rows = "", []
    try:
        result = await _run(site, visitor, meant, form)
        problem, rows = result.error, _rows(meant, result, form)
    except NotPermittedError:
        raise
    except HeadgateError as error:
        problem = error.message
    status = HTTPStatus.OK if rows or not problem else HTTPStatus.BAD_REQUEST
    return await page(
        request, site, visitor, "nodes/result.html", status=status, rows=rows, problem=problem, **_all(meant, form)
    )


def _meant(site: Site, visitor: Visitor, form: Form) -> Meant:
    """Return what a form is about. Raises NotFoundError, NotPermittedError and ParametersError."""
    order = ORDERS.get(form.get("order"))
    if order is None:
        raise NotFoundError("there is no such order")
    role = site.desk.actions.catalogue.get(order.action).role
    if not visitor.caller.may(role):
        raise NotPermittedError(f"{order.action} takes the role {role}, and {visitor.user} has it not")
    cluster, named = form.get("cluster"), form.get("nodes")
    ticked = [tuple(one.partition(" ")[::2]) for one in form.all("node")]
    if ticked:
        if len({where for where, _ in ticked}) != 1:
            raise ParametersError("tick nodes of one cluster at a time")
        cluster, named = ticked[0][0], ",".join(name for _, name in ticked)
    nodes = expand_hosts(named)
    if nodes is None:
        raise ParametersError(f"{named[:64]!a} names no nodes")
    if not nodes:
        raise ParametersError("tick the nodes that it is about first")
    return Meant(order, cluster, tuple(nodes))


async def _run(site: Site, visitor: Visitor, meant: Meant, form: Form, *, dry_run: bool = False) -> Result:
    order = meant.order
    for one in order.asks:
        if one.needed and not form.get(one.name):
            raise ParametersError(f"{one.label} is needed")
    why = (form.get("why") or form.get("reason"))[:_MOST_WHY]
    parameters = order.read(meant.nodes, form)
    return await site.desk.actions.run(
        order.action, parameters, visitor.caller, why=why, dry_run=dry_run, cluster=meant.cluster
    )


def _rows(meant: Meant, result: Result, form: Form) -> list[Any]:
    one = form.get("name") if meant.order.word == "reserve" else ""
    return list(rows_of(result, one))


def _all(meant: Meant, form: Form) -> dict[str, Any]:
    return {"meant": meant, "order": meant.order, "given": meant.order.given(form)}


async def _form(
    request: Request, site: Site, visitor: Visitor, meant: Meant, form: Form, *, problem: str = ""
) -> Response:
    status = HTTPStatus.BAD_REQUEST if problem else HTTPStatus.OK
    return await page(request, site, visitor, "nodes/order.html", status=status, problem=problem, **_all(meant, form))
