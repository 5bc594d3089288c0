"""Files of jobs: the directory as a zip file, as in Slurmer, and single files with ranges and checksums."""

from __future__ import annotations

import hashlib
import re
import uuid
from base64 import b64decode
from collections.abc import AsyncIterator
from http import HTTPStatus
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Header, Path, Query, Request
from fastapi.responses import Response

from headgate.errors import NotFoundError
from headgate.executor.interface import FileInfo, Place
from headgate.executor.refusal import ExecutorError, RefusedError
from headgate.gateway import outputs
from headgate.gateway.gateway import Gateway
from headgate.gateway.outputs import Span
from headgate.gateway.owner import Owner
from headgate.gateway.refusals import BadRequestError, ConflictError, TooLargeError
from headgate.gateway.ways import refusal
from headgate.model.submission import Submission
from headgate.web.api.asking import At, TheJob, TheOwner
from headgate.web.api.bodies import Checksum, Removed, ShownFile, ShownFiles, Written
from headgate.web.api.multipart import parts
from headgate.web.api.outputs import RangeHeader, Watched, begin_transfer, end_transfer, part

router = APIRouter(prefix="/jobs", tags=["files"])
_FIELD: Final = "job_dir"
_ZIP: Final = "application/zip"
_BYTES: Final = "application/octet-stream"
_CONTENT_RANGE: Final = re.compile(r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18}|\*)")
_DIGEST: Final = re.compile(r"sha-256=:([A-Za-z0-9+/]{43}=):")
FilePath = Annotated[str, Path(min_length=1, max_length=4096, description="A path below the job's directory.")]
_FILE: Final[dict[int | str, dict[str, Any]]] = {
    200: {"content": {_BYTES: {}}},
    206: {"content": {_BYTES: {}}},
    416: {"description": "The range lies outside of the file."},
}
_UPLOAD: Final = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": [_FIELD],
                    "properties": {_FIELD: {"type": "string", "contentMediaType": _ZIP}},
                },
                "encoding": {_FIELD: {"contentType": _ZIP}},
            }
        },
    }
}
_BODY: Final = {
    "requestBody": {"required": True, "content": {_BYTES: {"schema": {"type": "string", "format": "binary"}}}}
}


@router.get("/{jobId}/files", response_class=Response, responses={200: {"content": {_ZIP: {}}}})
async def download_all(job: TheJob, at: At) -> Response:
    """Return the job's directory as a zip file, made while it is sent. Links and what is no file are left out."""
    place, files = at.directories.place(job), at.directories.way(job).files
    # Asked before the answer begins, so that what cannot be packed is an error and no broken archive.
    await _stat(at, job, place)
    begin_transfer(at)

    async def packed() -> AsyncIterator[bytes]:
        async with files.archive(job.user, place) as archive:
            async for piece in archive:
                yield piece

    headers = {"Content-Disposition": f'attachment; filename="{job.id}.zip"'}

    async def after() -> None:
        end_transfer(at)

    return Watched(packed(), after, headers=headers, media_type=_ZIP)


@router.post("/{jobId}/files", response_class=Response, openapi_extra=_UPLOAD)
async def upload_all(request: Request, job: TheJob, owner: TheOwner, at: At) -> Response:
    """Unpack a zip file into the job's directory: the field ``job_dir`` of a form, of type ``application/zip``."""
    most = _most(at, owner)
    begin_transfer(at)
    packed = f".headgate-{uuid.uuid4()}.zip"
    try:
        found = False
        async for field in parts(request, most):
            if field.name != _FIELD:
                raise BadRequestError(f"the form has a field {field.name[:64]!a}; there should be {_FIELD} only")
            if found or field.media_type != _ZIP:
                raise BadRequestError(f"{_FIELD} should be there once, with the Content-Type {_ZIP}")
            found = True
            await _write(at, job, packed, field.pieces(), None)
        if not found:
            raise BadRequestError(f"the form has no field {_FIELD}")
        files, place = at.directories.way(job).files, at.directories.place(job, packed)
        await files.extract(job.user, place, job.path)
    except (RefusedError, ExecutorError) as error:
        raise refusal(error) from error
    finally:
        end_transfer(at)
        await _forget(at, job, packed)
    return Response(status_code=HTTPStatus.OK, media_type="application/json")


@router.get("/{jobId}/tree")
async def list_files(
    job: TheJob,
    at: At,
    path: Annotated[str, Query(max_length=4096, description="A directory below the job's; without it, that.")] = "",
    after: Annotated[str, Query(max_length=255, description="The last name of the page before.")] = "",
    limit: Annotated[int, Query(ge=1, le=10_000, description="Entries of one page.")] = 1000,
) -> ShownFiles:
    """List a directory."""
    place, files = at.directories.place(job, path.strip("/")), at.directories.way(job).files
    try:
        found = await files.list(job.user, place, after=after, limit=limit)
    except (RefusedError, ExecutorError) as error:
        raise refusal(error) from error
    return ShownFiles(entries=[_shown(one) for one in found.entries], more=found.more)


@router.get("/{jobId}/files/{path:path}", response_class=Response, responses=_FILE)
async def download(job: TheJob, path: FilePath, at: At, range_: RangeHeader = None) -> Response:
    """Return one file, or a part of it. ``ETag`` changes when the file does."""
    directories = at.directories
    opened = await outputs.opened_at(directories, job, directories.place(job, path))
    headers = {"ETag": f'"{opened.info.inode:x}-{opened.info.size:x}-{opened.info.modified_ns:x}"'}
    return await part(at, opened, range_, _BYTES, headers)


@router.get("/{jobId}/checksum/{path:path}")
async def checksum(job: TheJob, path: FilePath, at: At) -> Checksum:
    """Return a file's SHA-256."""
    directories = at.directories
    begin_transfer(at)
    digest, read = hashlib.sha256(), 0
    try:
        opened = await outputs.opened_at(directories, job, directories.place(job, path))
        size = await opened.size()
        async for piece in outputs.pieces(opened, Span(0, size, size)):
            digest.update(piece)
            read += len(piece)
    except (RefusedError, ExecutorError) as error:
        raise refusal(error) from error
    finally:
        end_transfer(at)
    return Checksum(sha256=digest.hexdigest(), size=read)


@router.put("/{jobId}/files/{path:path}", status_code=HTTPStatus.CREATED, openapi_extra=_BODY)
async def upload(
    request: Request,
    job: TheJob,
    owner: TheOwner,
    path: FilePath,
    at: At,
    *,
    content_digest: Annotated[
        str | None,
        Header(alias="Content-Digest", max_length=1000, description="RFC 9530: `sha-256=:…:` of what is sent."),
    ] = None,
    content_range: Annotated[
        str | None,
        Header(alias="Content-Range", max_length=100, description="Which part of the file this is: `bytes 0-99/1000`."),
    ] = None,
) -> Written:
    """Write one file. It appears when it is whole, and its checksum is right; a part is written where it belongs."""
    wanted, most = _digest(content_digest), _most(at, owner)
    begin_transfer(at)
    try:
        above, _, name = path.rpartition("/")
        files, directories = at.directories.way(job).files, at.directories
        part = None if content_range is None else _part_of(content_range, most)
        if above and (part is None or part.start == 0):
            await files.make_directory(job.user, directories.place(job, above), parents=True)
        if part is not None:
            return await _upload_part(request, at, job, path, span=part, wanted=wanted)
        hidden = f"{above}/.headgate-{uuid.uuid4()}" if above else f".headgate-{uuid.uuid4()}"
        try:
            size, digest = await _write(at, job, hidden, _bounded(request, most), wanted)
            to = directories.place(job, path).path
            await files.rename(job.user, directories.place(job, hidden), to)
        except BaseException:
            await _forget(at, job, hidden)
            raise
    except (RefusedError, ExecutorError) as error:
        raise refusal(error) from error
    finally:
        end_transfer(at)
    return Written(path=f"{above}/{name}" if above else name, size=size, sha256=digest)


@router.delete("/{jobId}/files/{path:path}")
async def remove(job: TheJob, path: FilePath, at: At) -> Removed:
    """Remove a file, or a directory with all that is in it."""
    directories = at.directories
    try:
        gone = await directories.way(job).files.remove_tree(job.user, directories.place(job, path))
    except (RefusedError, ExecutorError) as error:
        raise refusal(error) from error
    return Removed(removed=gone)


async def _upload_part(
    request: Request, at: Gateway, job: Submission, path: str, *, span: Span, wanted: bytes | None
) -> Written:
    """Write a part of a file: the first makes it, the others follow where it ends or overwrite what is there."""
    directories = at.directories
    how: Literal["replace", "resume"] = "replace" if span.start == 0 else "resume"
    place, files = directories.place(job, path), directories.way(job).files
    async with await files.open_write(job.user, place, how=how) as opened:
        if await opened.size() < span.start:
            raise ConflictError("the part before this one is missing")
        data, digest = bytearray(), hashlib.sha256()
        async for piece in _bounded(request, span.end - span.start):
            data += piece
            digest.update(piece)
            if wanted is None:
                await opened.write(bytes(data), span.start)
                span, data = Span(span.start + len(data), span.end, span.size), bytearray()
        if wanted is not None:
            if digest.digest() != wanted:
                raise BadRequestError("what came is not what Content-Digest says; nothing of it was written")
            await opened.write(bytes(data), span.start)
            span = Span(span.start + len(data), span.end, span.size)
        if span.start != span.end:
            raise BadRequestError("fewer bytes came than Content-Range says")
        return Written(path=path, size=await opened.size(), sha256=digest.hexdigest())


async def _write(
    at: Gateway, job: Submission, path: str, pieces: AsyncIterator[bytes], wanted: bytes | None
) -> tuple[int, str]:
    """Write a new file as the job's owner, as it comes; return its size and its SHA-256."""
    directories = at.directories
    digest, size = hashlib.sha256(), 0
    async with await directories.way(job).files.open_write(job.user, directories.place(job, path)) as opened:
        async for piece in pieces:
            await opened.write(piece, size)
            digest.update(piece)
            size += len(piece)
    if wanted is not None and digest.digest() != wanted:
        raise BadRequestError("what came is not what Content-Digest says; nothing was written")
    return size, digest.hexdigest()


async def _bounded(request: Request, most: int) -> AsyncIterator[bytes]:
    """Yield a request's body in pieces of a good size. Raises TooLargeError when it is longer than it may be."""
    waiting, size = bytearray(), 0
    async for piece in request.stream():
        size += len(piece)
        if size > most:
            raise TooLargeError(f"there are more than {most} bytes")
        waiting += piece
        if len(waiting) >= outputs.PIECE:
            yield bytes(waiting)
            waiting.clear()
    if waiting:
        yield bytes(waiting)


def _part_of(content_range: str, most: int) -> Span:
    found = _CONTENT_RANGE.fullmatch(content_range.strip())
    if found is None or int(found[1]) > int(found[2]):
        raise BadRequestError("Content-Range should look like: bytes 0-99/1000")
    start, end = int(found[1]), int(found[2]) + 1
    size = end if found[3] == "*" else int(found[3])
    if end > size:
        raise BadRequestError("Content-Range goes beyond the end it names")
    if size > most:
        raise TooLargeError(f"a file has at most {most} bytes")
    if end - start > most:
        raise TooLargeError(f"there are more than {most} bytes")
    return Span(start, end, size)


def _digest(header: str | None) -> bytes | None:
    if header is None:
        return None
    found = _DIGEST.search(header)
    if found is None:
        raise BadRequestError("Content-Digest should hold sha-256=:BASE64:")
    return b64decode(found[1])


def _most(at: Gateway, owner: Owner) -> int:
    own = owner.app.rules.max_upload
    return at.settings.limits.upload if own is None else min(own, at.settings.limits.upload)


async def _stat(at: Gateway, job: Submission, place: Place) -> FileInfo:
    try:
        return await at.directories.way(job).files.stat(job.user, place)
    except (RefusedError, ExecutorError) as error:
        raise refusal(error) from error


async def _forget(at: Gateway, job: Submission, path: str) -> None:
    """Remove what was written for a while only."""
    directories = at.directories
    try:
        await directories.way(job).files.remove_tree(job.user, directories.place(job, path))
    except (RefusedError, ExecutorError, NotFoundError):
        return


def _shown(info: FileInfo) -> ShownFile:
    return ShownFile(
        name=info.name, kind=info.kind, size=info.size, mode=f"{info.mode:04o}", modified=info.modified_ns / 1e9
    )
