"""The gateway, asked by asyncio. ``client.py`` is made of this by ``scripts/sync_client.py``."""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import Any, Self

import httpx2

from headgate.client import asking
from headgate.client.asking import Access, ApiError, Ask
from headgate.client.results import Event, File, Hook, Job, Template

Told = Callable[[int, int], None]
list_ = list


class AsyncClient:
    """Asks the gateway. Every method raises ApiError. Use it as an async context manager, or ``aclose`` it.

    ``url``, ``token`` and ``user`` may come from ``HEADGATE_URL``, ``HEADGATE_TOKEN`` and ``HEADGATE_USER``.
    ``ca_file`` (``HEADGATE_CA_FILE``): whose certificates are believed, where those the system believes are not the
    right ones. ``timeout``: seconds for an answer to begin.
    """

    def __init__(
        self,
        url: str | None = None,
        token: str | None = None,
        *,
        user: str | None = None,
        ca_file: Path | str | None = None,
        timeout: float = 60.0,
    ) -> None:
        self.access = Access.of(url, token, user, ca_file)
        self._timeout = timeout
        self._client = httpx2.AsyncClient(
            base_url=self.access.url,
            headers=self.access.headers(),
            verify=self.access.trust(),
            timeout=timeout,
            follow_redirects=False,
            trust_env=False,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close connections."""
        await self._client.aclose()

    async def _sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    async def submit(
        self, *, script: str | None = None, idempotency_key: str | None = None, start: bool = True, **options: Any
    ) -> Job:
        """Create a job, and start it. ``options``: those of the API, such as ``command``, ``args`` and ``time``.

        When no answer comes it is asked for again, with the same key, so that there is never a second job.
        """
        return Job.model_validate(
            await self._ask(asking.submit({"script": script, **options}, idempotency_key, start=start))
        )

    async def get(self, job_id: str) -> Job:
        """Return a job as it is now."""
        return Job.model_validate(await self._ask(Ask("GET", asking.job_path(job_id))))

    async def list(self, **query: Any) -> AsyncIterator[Job]:
        """Yield jobs, page after page. ``query``: what the API filters and sorts by, such as ``phase``."""
        ask = asking.lists(query)
        while True:
            found, following = await self._page(ask)
            for one in found:
                yield Job.model_validate(one)
            if following is None:
                return
            ask = Ask("GET", following)

    async def start(self, job_id: str) -> None:
        """Submit a job that is not started."""
        await self._ask(Ask("PUT", asking.job_path(job_id, "start")))

    async def stop(self, job_id: str) -> None:
        """Cancel a job."""
        await self._ask(Ask("PUT", asking.job_path(job_id, "stop")))

    async def hold(self, job_id: str) -> None:
        """Keep a waiting job from starting."""
        await self._ask(Ask("PUT", asking.job_path(job_id, "hold")))

    async def release(self, job_id: str) -> None:
        """Let a held job start."""
        await self._ask(Ask("PUT", asking.job_path(job_id, "release")))

    async def requeue(self, job_id: str) -> None:
        """Put a job back into the queue."""
        await self._ask(Ask("PUT", asking.job_path(job_id, "requeue"), repeatable=False))

    async def update(self, job_id: str, **changes: Any) -> Job:
        """Change a job that Slurm has: ``time_limit`` and what else an owner may."""
        return Job.model_validate(await self._ask(Ask("PATCH", asking.job_path(job_id), body=changes)))

    async def delete(self, job_id: str) -> None:
        """Cancel a job if it is not over, and remove its directory."""
        await self._ask(Ask("DELETE", asking.job_path(job_id)))

    async def batch(self, job_id: str) -> str:
        """Return the batch script."""
        return b"".join([piece async for piece in self._stream(asking.job_path(job_id, "batch"))]).decode()

    async def output(
        self,
        job_id: str,
        *,
        follow: bool = False,
        error: bool = False,
        task: int | None = None,
        start: int = 0,
        end: int | None = None,
    ) -> AsyncIterator[bytes]:
        """Yield a job's output (or its errors): the bytes from ``start`` up to, not including, ``end``.

        With ``follow`` all of it as it comes, until the job is over. A connection that is lost is made anew.
        """
        query = {"follow": "true"} if follow else {}
        if task is not None:
            query["task"] = str(task)
        path = asking.job_path(job_id, "err" if error else "out")
        async for piece in self._resumed(path, query, start, end):
            yield piece

    async def events(self, job_id: str | None = None, *, after: int | None = None) -> AsyncGenerator[Event]:
        """Yield events as they happen: a job's from its first one, or all from now on.

        A connection that is lost is made anew, and nothing is missed.
        """
        path, last = "/events" if job_id is None else asking.job_path(job_id, "events"), after
        attempt = 0
        while True:
            try:
                async with self._events(path, last) as sent:
                    async for one in sent:
                        told = asking.event(one)
                        if told is not None:
                            yield told
                            last, attempt = told.number, 0
            except (*asking.FAILURES, ApiError) as error:
                refused = isinstance(error, ApiError) and not error.transient
                if refused or attempt >= asking.FOLLOWS:
                    raise error if isinstance(error, ApiError) else asking.silence(error) from error
            attempt += 1
            await self._sleep(min(5.0, 0.2 * 2.0 ** min(attempt, 5)))

    async def wait(self, job_id: str) -> Job:
        """Wait until a job is over, by its events, and return it as it is then."""
        job = await self.get(job_id)
        if job.over:
            return job
        async with aclosing(self.events(job_id, after=0)) as told:
            async for one in told:
                if one.kind in ("job.ended", "job.requeued") and (job := await self.get(job_id)).over:
                    return job
        return job

    async def files(self, job_id: str, path: str = "") -> list_[File]:
        """List a directory of a job."""
        found: list_[File] = []
        after, more = "", True
        while more:
            answer = await self._ask(Ask("GET", asking.job_path(job_id, "tree"), query={"path": path, "after": after}))
            found += [File.model_validate(one) for one in answer["entries"]]
            more = bool(answer["more"]) and bool(answer["entries"])
            after = found[-1].name if found else ""
        return found

    async def upload(self, job_id: str, local: Path, path: str, *, told: Told | None = None) -> None:
        """Write a file into a job's directory, in parts with checksums; a part that fails is sent again.

        A large file whose beginning is there already is gone on with. ``told``: called with the bytes that are done,
        and all of them.
        """
        size = os.path.getsize(local)  # noqa: ASYNC240, PTH202 - local, and short
        with local.open("rb") as file:
            start = asking.same_beginning(file, await self._there(job_id, path)) if size > asking.PIECE else 0
            file.seek(start)
            if told is not None:
                told(start, size)
            while start < size or size == 0:
                data = file.read(asking.PIECE)
                if not data and size > 0:
                    raise ApiError(f"{local.name} became shorter while it was sent")
                await self._ask(asking.upload_part(job_id, path, data, start, size))
                start += len(data)
                if told is not None:
                    told(start, size)
                if size == 0:
                    return

    async def upload_zip(self, job_id: str, local: Path) -> None:
        """Unpack a zip file into a job's directory; what has the same names there is replaced."""
        with local.open("rb") as file:
            await self._ask(asking.upload_zip(job_id, file))

    async def download(self, job_id: str, path: str, local: Path, *, told: Told | None = None) -> None:
        """Fetch a file; what is there of it already is not fetched again, and its checksum is compared in the end.

        Until it is whole it is beside ``local``, as ``.NAME.part``.
        """
        expected = await self._ask(Ask("GET", asking.file_path(job_id, path, "checksum")))
        part, size = local.with_name(f".{local.name}.part"), expected["size"]
        done = os.path.getsize(part) if os.path.exists(part) else 0  # noqa: ASYNC240, PTH110, PTH202 - local, and short
        if done > size:
            done = 0
        with part.open("ab" if done else "wb") as file:
            if done < size:
                async for piece in self._resumed(asking.file_path(job_id, path), {}, done, size):
                    file.write(piece)
                    done += len(piece)
                    if told is not None:
                        told(done, size)
        with part.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        if digest != expected["sha256"]:
            part.unlink()
            raise ApiError(f"{path} changed while it was fetched; fetch it again")
        part.replace(local)

    async def download_zip(self, job_id: str, local: Path) -> None:
        """Fetch a job's directory as a zip file."""
        with local.open("wb") as file:
            async for piece in self._stream(asking.job_path(job_id, "files")):
                file.write(piece)

    async def templates(self) -> list_[Template]:
        """List the job templates there are."""
        return [Template.model_validate(one) for one in await self._ask(Ask("GET", "/templates"))]

    async def add_hook(self, url: str, *, secret: str | None = None, events: Sequence[str] = ()) -> Hook:
        """Register a webhook for this user's jobs."""
        body = {"url": url, "events": [*events], **({} if secret is None else {"secret": secret})}
        return Hook.model_validate(await self._ask(Ask("POST", "/hooks", body=body, repeatable=False)))

    async def hooks(self) -> list_[Hook]:
        """List this user's webhooks."""
        return [Hook.model_validate(one) for one in await self._ask(Ask("GET", "/hooks"))]

    async def remove_hook(self, hook_id: str) -> None:
        """Remove a webhook."""
        await self._ask(Ask("DELETE", f"/hooks/{hook_id}"))

    async def _ask(self, ask: Ask) -> Any:
        return (await self._answered(ask))[0]

    async def _page(self, ask: Ask) -> tuple[Any, str | None]:
        body, headers = await self._answered(ask)
        return body, asking.next_page(headers)

    async def _answered(self, ask: Ask) -> tuple[Any, Any]:
        """Ask, and ask again while that may help and does no harm. Raises ApiError."""
        for attempt in range(asking.TRIES):
            try:
                answer = await self._client.request(
                    ask.method,
                    ask.path,
                    params=dict(ask.query),
                    json=ask.body,
                    content=ask.content,
                    files=ask.files,
                    headers=dict(ask.headers),
                )
                return asking.judged(answer.status_code, answer.headers, answer.content), answer.headers
            except (*asking.FAILURES, ApiError) as error:
                told = error if isinstance(error, ApiError) else asking.silence(error)
                if ask.method == "DELETE" and told.status == asking.GONE and attempt > 0:
                    return None, {}
                again = told.transient and (ask.repeatable or told.status == asking.TOO_MANY)
                if not again or attempt + 1 >= asking.TRIES:
                    raise told from error
                await self._sleep(asking.pause(attempt, told))
        raise AssertionError

    async def _there(self, job_id: str, path: str) -> Mapping[str, Any]:
        """Return size and checksum of a file of a job; nothing's where there is none."""
        try:
            found: Mapping[str, Any] = await self._ask(Ask("GET", asking.file_path(job_id, path, "checksum")))
        except ApiError as error:
            if error.status != asking.GONE:
                raise
            return {"size": 0, "sha256": ""}
        return found

    async def _resumed(self, path: str, query: Mapping[str, str], start: int, end: int | None) -> AsyncIterator[bytes]:
        """Yield what is at a path; when the connection is lost, the rest is asked for.

        What is followed comes from its beginning again, so there it is passed over.
        """
        follow, came, attempt = "follow" in query, 0, 0
        while True:
            headers = {} if follow else asking.bytes_from(start + came, end)
            passed = came if follow else 0
            try:
                async for piece in self._stream(path, query, headers=headers, forever=follow):
                    new = piece[passed:]
                    passed -= min(passed, len(piece))
                    if new:
                        came, attempt = came + len(new), 0
                        yield new
            except ApiError as error:
                if not error.transient or attempt >= asking.TRIES:
                    raise
                attempt += 1
                await self._sleep(asking.pause(attempt, error))
            else:
                return

    async def _stream(
        self,
        path: str,
        query: Mapping[str, str] | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        forever: bool = False,
    ) -> AsyncIterator[bytes]:
        timeout = httpx2.Timeout(self._timeout, read=None if forever else self._timeout)
        try:
            async with self._client.stream(
                "GET", path, params=dict(query or {}), headers=dict(headers or {}), timeout=timeout
            ) as answer:
                if answer.status_code >= asking.ERROR:
                    asking.judged(answer.status_code, answer.headers, await answer.aread())
                async for piece in answer.aiter_bytes():
                    yield piece
        except asking.FAILURES as error:
            raise asking.silence(error) from error

    @asynccontextmanager
    async def _events(self, path: str, last: int | None) -> AsyncIterator[AsyncIterator[Any]]:
        headers = {"Accept": "text/event-stream"} | ({} if last is None else {"Last-Event-ID": str(last)})
        timeout = httpx2.Timeout(self._timeout, read=60.0)
        async with self._client.stream("GET", path, headers=headers, timeout=timeout) as answer:
            if answer.status_code >= asking.ERROR:
                asking.judged(answer.status_code, answer.headers, await answer.aread())
            yield aiter(httpx2.EventSource(answer))
