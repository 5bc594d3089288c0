"""The list of jobs, a job's page, an array's page, and the forms that change jobs."""

from __future__ import annotations

from typing import Annotated, Final
from urllib.parse import quote

from fastapi import APIRouter, Query, Request, Response

from headgate.actions.refusals import NotPermittedError, ParametersError
from headgate.errors import NotFoundError
from headgate.model.right import Right
from headgate.store import job_search
from headgate.web.pages.forms import Form, TheForm
from headgate.web.pages.frame import go_on, page
from headgate.web.pages.jobs import figures, orders, output_routes, reach
from headgate.web.pages.jobs.about import TASKS, find_array, find_job, only_of
from headgate.web.pages.jobs.asking import CHANGED, PAGE, STATES, read_query
from headgate.web.pages.jobs.orders import ORDERS, Wish
from headgate.web.pages.jobs.outcome import Order, Ticked
from headgate.web.pages.jobs.output import may_see_output
from headgate.web.pages.jobs.output_routes import Cluster, JobId
from headgate.web.pages.jobs.plots import plot
from headgate.web.pages.jobs.timeline import timeline
from headgate.web.pages.site import Site
from headgate.web.pages.visitor import TheSite, TheVisitor, Visitor

router = APIRouter(prefix="/jobs")
_MOST_WHY: Final = 300
_LARGEST: Final = 2**31 - 1


@router.get("")
async def list_jobs(request: Request, site: TheSite, visitor: TheVisitor) -> Response:
    """Show the jobs that somebody looks for, an array as one."""
    asked = read_query(request.query_params, visitor)
    found = await site.store.read(
        lambda c: job_search.find(
            c,
            asked.filter,
            sort=asked.sort,
            descending=asked.descending,
            limit=PAGE,
            offset=(asked.page - 1) * PAGE,
        )
    )
    first = (asked.page - 1) * PAGE + 1
    return await page(
        request,
        site,
        visitor,
        "jobs/list.html",
        asked=asked,
        found=found,
        first=first,
        last=first + len(found.jobs) - 1,
        newer=asked.page - 1 if asked.page > 1 else None,
        older=asked.page + 1 if found.total > asked.page * PAGE else None,
        states=STATES,
        changes=CHANGED,
        orders=[one for one in orders.offered(site, visitor, own=True) if not one.key],
        everybody=visitor.has(Right.SEE_JOBS),
        acts=orders.may(site, visitor, ORDERS["cancel"], own=False),
        mine=any(one.open and one.user == visitor.user for one in found.jobs),
    )


@router.get("/{cluster}/{job_id:int}")
async def show_job(request: Request, site: TheSite, visitor: TheVisitor, cluster: Cluster, job_id: JobId) -> Response:
    """Show a job: how it is, what happened, what it used, where its files are."""
    only = only_of(visitor)
    about = await site.store.read(lambda c: find_job(c, cluster, job_id, only))
    if about is None:
        return await _unknown(request, site, visitor, cluster, job_id)
    known = await output_routes.record_of(site, about)
    record = known if about.job.open else None
    shown = await figures.of_job(site, about)
    started, ended = figures.started_and_ended(about)
    own = bool(about.user) and about.user == visitor.user
    return await page(
        request,
        site,
        visitor,
        "jobs/job.html",
        about=about,
        name=about.job.data.get("name", ""),
        started=started,
        ended=ended,
        record=record,
        expected=reach.moment(record, "start_time") if record and about.waits else None,
        shown=shown,
        lines=plot(shown.bars),
        entries=timeline(about.story, visitor),
        own=own,
        output=may_see_output(site, visitor, about.user) and not about.waits,
        orders=orders.fitting(site, visitor, about, known),
        key=f"{cluster}/{job_id}",
    )


async def _unknown(request: Request, site: TheSite, visitor: TheVisitor, cluster: str, job_id: int) -> Response:
    """Say what Slurm knows of a job that Headgate has not seen. Raises NotFoundError if that is nothing to be seen."""
    records = await reach.records_of(site, cluster, str(job_id))
    known = [one for one in records or () if visitor.sees_job_of(reach.words(one, "user_name"))]
    array = next((reach.number(one, "array_job_id") for one in known if reach.number(one, "array_job_id")), None)
    if not known:
        away = records is None and visitor.has(Right.SEE_JOBS)
        raise NotFoundError(
            f"Headgate knows no job {job_id} on {cluster[:64]}, and Slurm did not answer in time"
            if away
            else f"there is no job {job_id} on {cluster[:64]}, or it is not yours"
        )
    return await page(
        request, site, visitor, "jobs/unknown.html", cluster=cluster, job_id=job_id, array=array, record=known[0],
        words=reach.words, moment=reach.moment,
    )  # fmt: skip


@router.get("/{cluster}/array/{array_id:int}")
async def show_array(
    *,
    request: Request,
    site: TheSite,
    visitor: TheVisitor,
    cluster: Cluster,
    array_id: JobId,
    number: Annotated[int, Query(alias="page", ge=1, le=100_000)] = 1,
) -> Response:
    """Show an array: its tasks by state, a page of them, what they used together."""
    only = only_of(visitor)
    about = await site.store.read(lambda c: find_array(c, cluster, array_id, only, number))
    if about is None:
        raise NotFoundError(f"there is no array {array_id} on {cluster[:64]}, or it is not yours")
    shown = await figures.of_array(site, about)
    own = bool(about.array.user) and about.array.user == visitor.user
    return await page(
        request,
        site,
        visitor,
        "jobs/array.html",
        about=about,
        array=about.array,
        number=number,
        older=number + 1 if about.array.records > number * TASKS else None,
        newer=number - 1 if number > 1 else None,
        shown=shown,
        lines=plot(shown.bars),
        entries=timeline(about.story, visitor),
        own=own,
        orders=orders.fitting_array(site, visitor, about.array),
        key=f"{cluster}/array/{array_id}",
    )


@router.post("/orders")
async def preview(request: Request, site: TheSite, visitor: TheVisitor, form: TheForm) -> Response:
    """Show what would become of the jobs that a form names, and ask."""
    order, value = _order(form)
    ticked = await _chosen(site, visitor, form, order)
    found = await orders.carry_out(site, visitor, Wish(order, value), ticked)
    return await page(
        request, site, visitor, "jobs/orders.html", order=order, value=value, outcomes=found, asks=True,
        back=_back(ticked),
    )  # fmt: skip


@router.post("/orders/run")
async def run_order(request: Request, site: TheSite, visitor: TheVisitor, form: TheForm) -> Response:
    """Do to the jobs that a form names what was asked, and tell what became of each."""
    order, value = _order(form)
    why = form.get("why")[:_MOST_WHY]
    ticked = await _chosen(site, visitor, form, order)
    found = await orders.carry_out(site, visitor, Wish(order, value, why, dry_run=False), ticked)
    if len(found) == 1:
        [one] = found
        text = f"{order.label} {one.ticked.job.label}: {one.words}"
        return await go_on(site, visitor, _back(ticked), text, kind="done" if one.ok else "failed")
    return await page(
        request, site, visitor, "jobs/orders.html", order=order, value=value, outcomes=found, asks=False,
        back=_back(ticked),
    )  # fmt: skip


async def _chosen(site: Site, visitor: Visitor, form: Form, order: Order) -> list[Ticked]:
    """Return the jobs that a form names. Raises ParametersError, NotFoundError, NotPermittedError."""
    named = form.all("job")
    if not orders.read_ticked(named):
        raise ParametersError("no job was chosen: tick at least one")
    ticked = await site.store.read(lambda c: orders.find_ticked(c, named, visitor))
    if not ticked:
        raise NotFoundError("none of these jobs is there, or none is yours")
    if not any(orders.may(site, visitor, order, own=one.own) for one in ticked):
        raise NotPermittedError(
            f"{order.label.lower()}: you may not, with {'this job' if len(ticked) == 1 else 'these'}"
        )
    return ticked


def _order(form: Form) -> tuple[Order, int | None]:
    """Read what is to be done. Raises ParametersError."""
    order = ORDERS.get(form.get("order"))
    if order is None:
        raise ParametersError(f"jobs can be had {', '.join(ORDERS)} done")
    if not order.key:
        return order, None
    value = form.number("value")
    if not 0 < value <= _LARGEST:
        raise ParametersError(f"{order.value_label.lower()}: a number from 1 to {_LARGEST}")
    return order, value


def _back(ticked: list[Ticked]) -> str:
    """Return where to go from a form: to the only job, else to the list."""
    if len(ticked) != 1:
        return "/jobs"
    cluster, _, rest = ticked[0].key.partition("/")
    return f"/jobs/{quote(cluster, safe='')}/{rest}"
