"""Working on what events of pull requests ask for, step by step, each written down when it is done.

A comment gets a reaction and an answer before anything is begun, and the answer is written again when it is known what
came of it. What is repeated after a crash does no harm: a reaction is one however often it is made, an answer is found
again by the mark in it, and a line's run has the line's key.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import Final, cast

import structlog
from sqlalchemy import Connection

from headgate.builds import texts
from headgate.builds.backoff import later
from headgate.builds.closing import Closing
from headgate.builds.commands import Asked, Commands, Done, ask_cancel
from headgate.builds.forge.interface import ForbiddenError, Forge, ForgeError, GoneError
from headgate.builds.grammar import Line, Misspelt, parse
from headgate.builds.permissions import Right
from headgate.builds.pinning import head_at, heads
from headgate.builds.planning import Pinned
from headgate.builds.targets import addressed
from headgate.builds.workshop import Workshop
from headgate.model.build import BuildJob, BuildRequest, JobPhase, RequestKind, RequestState
from headgate.model.event import JSON
from headgate.model.pull_request import Comment, PullRequestState, Reaction
from headgate.store import builds
from headgate.store.builds import JobFilter

_log = structlog.get_logger(__name__)
_LOOK: Final = 1.0
_SKEW: Final = 300.0
_GIVE_UP: Final = 7 * 86400.0
_ROOM: Final = 65_000
_REACTIONS: Final = {"done": Reaction.DONE, "refused": Reaction.REFUSED, "failed": Reaction.FAILED}
_MOST: Final = 1000


class Requests:
    """Works on requests."""

    def __init__(self, workshop: Workshop, commands: Commands, closing: Closing) -> None:
        self._shop = workshop
        self._commands = commands
        self._closing = closing

    async def work(self, request: BuildRequest) -> None:
        """Do what can be done now. Raises StoreError."""
        forge = self._shop.forges.get(request.repository.forge)
        if forge is None:
            await self._finish(request, RequestState.FAILED, "its forge is not in the configuration any more")
            return
        try:
            match request.kind:
                case RequestKind.COMMENT:
                    await self._comment(forge, request)
                case RequestKind.OPENED:
                    await self._opened(forge, request)
                case RequestKind.UPDATED:
                    await self._updated(forge, request)
                case RequestKind.CLOSED:
                    await self._closed(forge, request)
                case RequestKind.LABELED:
                    await self._labeled(forge, request)
                case RequestKind.DEPLOY:
                    await self._deploy(forge, request)
        except (GoneError, ForbiddenError) as error:
            await self._finish(request, RequestState.FAILED, error.message)
        except ForgeError as error:
            await self._later(request, error)

    # Comments with commands

    async def _comment(self, forge: Forge, request: BuildRequest) -> None:
        settings = self._shop.settings
        lines = [
            line
            for line in parse(str(request.data.get("body") or ""))
            if isinstance(line.command, Misspelt) or addressed(settings, line.command)
        ]
        if not lines or request.comment_id is None:
            await self._finish(request, RequestState.DONE)
            return
        request = await self._react(forge, request, Reaction.SEEN)
        request = await self._pinned(forge, request)
        asked = self._asked(forge, request)
        if "may" not in request.progress:
            granted, because = await self._commands.may(asked, Right.COMMAND)
            request = await self._note(request, {"may": granted, "because": because})
        if not request.progress["may"]:
            told = texts.no_command_permission(request.sender)
            because = str(request.progress.get("because") or "")
            body = self._body(lines, request, [f"- {told}" + (f" ({texts.cell(because)})" if because else "")])
            request = await self._answer(forge, request, body)
            await self._react(forge, request, Reaction.REFUSED)
            await self._finish(request, RequestState.DONE)
            return
        if request.answer_id is None:
            request = await self._answer(forge, request, self._body(lines, request, []))
        for line in lines:
            if str(line.number) not in _mapping(request.progress.get("lines")):
                done = await self._commands.run(asked, line)
                request = await self._note(
                    request, {"lines": {**_mapping(request.progress.get("lines")), str(line.number): _kept(done)}}
                )
        await self._told(forge, request, lines)

    async def _told(self, forge: Forge, request: BuildRequest, lines: list[Line]) -> None:
        """Say what came of each line, once all of it is known."""
        done = {number: _done(value) for number, value in _mapping(request.progress.get("lines")).items()}
        results, outcomes, settled = [], [], True
        for line in lines:
            one = done[str(line.number)]
            points, outcome = list(one.points), one.outcome
            if one.run is not None:
                jobs = await self._jobs_of(one.run)
                settled = settled and all(_settled(job) for job in jobs)
                points += [_said(job) for job in jobs]
                if any(job.phase is JobPhase.REFUSED for job in jobs):
                    outcome = "failed"
            outcomes.append(outcome)
            results.append(_result(line, one, points, outcome))
        if not settled:
            await self._change(request, {"not_before": self._shop.clock() + _LOOK})
            return
        request = await self._answer(forge, request, self._body(lines, request, results))
        worst = next((word for word in ("failed", "refused") if word in outcomes), "done")
        await self._react(forge, request, _REACTIONS[worst])
        await self._finish(request, RequestState.DONE)

    async def _jobs_of(self, run: int) -> list[BuildJob]:
        wanted = JobFilter(run_id=run)
        return await self._shop.store.read(lambda c: builds.find_jobs(c, wanted, limit=_MOST))

    async def _pinned(self, forge: Forge, request: BuildRequest) -> BuildRequest:
        """Write down which commit the commands mean, and who wrote the pull request."""
        if "author" in request.progress:
            return request
        pull = await forge.pull_request(request.repository, request.number)
        known = await self._shop.store.read(lambda c: heads(c, str(request.data.get("subject") or "")))
        written = request.data.get("created_at", request.data.get("time"))
        at = float(written) if isinstance(written, int | float) else request.created_at
        head = head_at(known, at, pull.head_commit)
        return await self._note(
            request,
            {
                "author": pull.author,
                "state": pull.state.value,
                "head": head or "",
                "base_branch": pull.base_branch,
            },
        )

    def _asked(self, forge: Forge, request: BuildRequest) -> Asked:
        known = request.progress
        head = str(known.get("head") or "")
        return Asked(
            request=request,
            forge=forge,
            author=str(known.get("author") or ""),
            state=PullRequestState(str(known.get("state") or "open")),
            pinned=Pinned(str(known.get("base_branch") or ""), head) if head else None,
        )

    def _body(self, lines: list[Line], request: BuildRequest, results: list[str]) -> str:
        own = self._shop.settings
        body = texts.response(own.texts, own.instance, lines, request.sender, results)
        return f"{body[:_ROOM]}\n{self._mark(request)}"

    def _mark(self, request: BuildRequest) -> str:
        """Return what nobody sees, and by which an answer of ours is found again."""
        own = hashlib.sha256(f"{self._shop.settings.instance}\n{request.key}".encode()).hexdigest()[:24]
        return f"<!-- headgate answer {own} -->"

    async def _answer(self, forge: Forge, request: BuildRequest, body: str) -> BuildRequest:
        """Write our answer, or write it again; not if it says so already."""
        said = hashlib.sha256(body.encode()).hexdigest()
        if request.progress.get("answered") == said:
            return request
        repository, number, mark = request.repository, request.number, self._mark(request)
        answer = request.answer_id
        if answer is not None:
            try:
                await forge.edit_comment(repository, number, answer, body)
            except GoneError:
                answer = (await forge.add_comment(repository, number, body)).id
        else:
            found = None
            if "answer_asked" in request.progress:
                found = await self._find(forge, request, mark)
            else:
                request = await self._note(request, {"answer_asked": self._shop.clock()})
            if found is None:
                answer = (await forge.add_comment(repository, number, body)).id
            else:
                answer = found.id
                await forge.edit_comment(repository, number, answer, body)
        return await self._note(request, {"answered": said}, {"answer_id": answer})

    async def _find(self, forge: Forge, request: BuildRequest, mark: str) -> Comment | None:
        since = cast("float", request.progress["answer_asked"]) - _SKEW
        for comment in await forge.comments(request.repository, request.number, since=since):
            if comment.author.casefold() == forge.login.casefold() and mark in comment.body:
                return comment
        return None

    async def _react(self, forge: Forge, request: BuildRequest, reaction: Reaction) -> BuildRequest:
        if request.comment_id is None or request.progress.get("reacted") == reaction.value:
            return request
        if reaction is Reaction.SEEN and "reacted" in request.progress:
            return request
        try:
            await forge.react(request.repository, request.number, request.comment_id, reaction)
        except (GoneError, ForbiddenError) as error:  # the comment was deleted, or we may not: the answer says it all
            _log.info("build.no_reaction", request=request.id, error=error.message)
        return await self._note(request, {"reacted": reaction.value})

    # Other events

    async def _opened(self, forge: Forge, request: BuildRequest) -> None:
        if self._shop.settings.chat == "chatty" and not request.data.get("again"):
            configuration = texts.configuration(self._shop.settings)
            await self._answer(forge, request, f"{configuration}\n{self._mark(request)}")
        await self._finish(request, RequestState.DONE)

    async def _updated(self, forge: Forge, request: BuildRequest) -> None:
        if self._shop.settings.jobs.cancel_superseded:
            # What this event says may be old by now: events of pushes are also found afterwards, in any order.
            head = (await forge.pull_request(request.repository, request.number)).head_commit
            await self._cancel(request, lambda job: job.commit != head, f"a newer commit, {head[:12]}")
        await self._finish(request, RequestState.DONE)

    async def _closed(self, forge: Forge, request: BuildRequest) -> None:
        pull = await forge.pull_request(request.repository, request.number)
        if pull.state is PullRequestState.OPEN:  # it was opened again since
            await self._finish(request, RequestState.DONE)
            return
        if self._shop.settings.jobs.cancel_on_close and "cancelled" not in request.progress:
            await self._cancel(request, lambda _: True, "the closing of the pull request")
            request = await self._note(request, {"cancelled": True})
        told = await self._closing.clean_up(request)
        if told is None:
            await self._change(request, {"not_before": self._shop.clock() + 30.0})
            return
        if told and self._shop.settings.chat == "chatty":
            await self._answer(forge, request, f"{told}\n{self._mark(request)}")
        await self._finish(request, RequestState.DONE)

    async def _labeled(self, forge: Forge, request: BuildRequest) -> None:
        label, chat = request.data.get("label"), self._shop.settings.chat
        if label == "bot:build" and chat in ("basic", "chatty"):
            await self._answer(forge, request, f"{texts.build_label()}\n{self._mark(request)}")
        elif label == "bot:deploy":
            request = await self._pinned(forge, request)
            if "deployed" not in request.progress:
                done = await self._commands.deploy(self._asked(forge, request), ())
                request = await self._note(request, {"deployed": _kept(done)})
            await self._tell_deployed(forge, request)
        await self._finish(request, RequestState.DONE)

    async def _deploy(self, forge: Forge, request: BuildRequest) -> None:
        if "deployed" not in request.progress:
            done = await self._commands.deploy_granted(request, str(request.data.get("commit") or ""))
            request = await self._note(request, {"deployed": _kept(done)})
        await self._tell_deployed(forge, request)
        await self._finish(request, RequestState.DONE)

    async def _tell_deployed(self, forge: Forge, request: BuildRequest) -> None:
        points = _done(request.progress["deployed"]).points
        if points:
            await self._answer(forge, request, "\n".join([*(f"- {one}" for one in points), self._mark(request)]))

    async def _cancel(self, request: BuildRequest, which: Callable[[BuildJob], bool], by: str) -> None:
        wanted = JobFilter(repository=request.repository, number=request.number, open=True)

        def work(connection: Connection) -> None:
            for job in builds.find_jobs(connection, wanted, limit=_MOST):
                if which(job) and not job.cancelled_by:
                    ask_cancel(connection, job, by)

        await self._shop.store.write(work)

    # Writing down

    async def _note(
        self, request: BuildRequest, progress: Mapping[str, JSON], values: Mapping[str, object] | None = None
    ) -> BuildRequest:
        """Write what was done, and return the request as it is then."""

        def work(connection: Connection) -> BuildRequest | None:
            if values:
                builds.change_request(connection, request.id, values)
            return builds.note_request(connection, request.id, progress)

        return await self._shop.store.write(work) or request

    async def _finish(self, request: BuildRequest, state: RequestState, problem: str = "") -> None:
        values = {"state": state, "problem": problem, "finished_at": self._shop.clock()}
        if problem:
            _log.warning("build.request_failed", request=request.id, problem=problem)
        await self._change(request, values)

    async def _later(self, request: BuildRequest, error: ForgeError) -> None:
        now = self._shop.clock()
        if now - request.created_at > _GIVE_UP:
            await self._finish(request, RequestState.FAILED, error.message)
            return
        _log.warning("build.request_waits", request=request.id, error=error.message)
        wait = later(request.attempts, error.retry_after)
        values = {"attempts": request.attempts + 1, "not_before": now + wait, "problem": error.message}
        await self._change(request, values)

    async def _change(self, request: BuildRequest, values: Mapping[str, object]) -> None:
        await self._shop.store.write(lambda c: builds.change_request(c, request.id, values))


def _settled(job: BuildJob) -> bool:
    """Whether it is known what came of a job: it has its comment, or never became one."""
    return job.phase is JobPhase.REFUSED or (job.job_id is not None and job.comment_id is not None)


def _said(job: BuildJob) -> str:
    if job.phase is JobPhase.REFUSED:
        if "\n" not in job.problem:
            return texts.refused_job(job.target, job.repo_id, job.problem)
        head, _, rest = job.problem.partition("\n")
        return f"{texts.refused_job(job.target, job.repo_id, head)}\n{texts.fence(rest, 1500)}"
    if job.job_id is None:
        return f"`{texts.code(job.target)}` for `{texts.code(job.repo_id)}` is being prepared"
    return texts.submitted_job(job.job_id, job.comment_url)


def _result(line: Line, one: Done, points: list[str], outcome: str) -> str:
    if isinstance(line.command, Misspelt):
        return texts.misspelt(line)
    if outcome == "failed" and one.run is None and points:
        return texts.failed(line, "; ".join(points))
    return texts.result(line, points[0] if one.whole and points else points)


def _kept(done: Done) -> dict[str, JSON]:
    return {"outcome": done.outcome, "points": list[JSON](done.points), "run": done.run, "whole": done.whole}


def _done(value: JSON) -> Done:
    kept = _mapping(value)
    points, run = kept.get("points"), kept.get("run")
    return Done(
        str(kept.get("outcome") or "done"),
        tuple(str(one) for one in points) if isinstance(points, list) else (),
        run if isinstance(run, int) else None,
        bool(kept.get("whole")),
    )


def _mapping(value: JSON) -> dict[str, JSON]:
    return value if isinstance(value, dict) else {}
