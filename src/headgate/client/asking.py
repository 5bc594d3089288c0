"""What is asked of the gateway, and what an answer means: without any I/O, for both clients."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import ssl
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Final
from urllib.parse import quote

import httpx2

from headgate.client.results import Event
from headgate.errors import HeadgateError

PIECE: Final = 8 * 1024 * 1024
"""Bytes of one part of an upload."""
FAILURES: Final = (httpx2.HTTPError,)
"""How a request may end without an answer."""
TRIES: Final = 4
"""How often something is asked that may be asked again."""
FOLLOWS: Final = 30
"""Tries after which events that nobody sends are given up, some two minutes: the gateway may be being restarted."""
ERROR: Final = 400
GONE: Final = 404
TOO_MANY: Final = 429
_AGAIN: Final = frozenset({429, 502, 503, 504})
_NEXT: Final = re.compile(r'<([^>]+)>;\s*rel="next"')
Options = Mapping[str, Any]


class ApiError(HeadgateError):
    """The gateway refused, or did not answer. ``status`` is 0 where there was no answer.

    ``retry_after``: seconds until it is worth asking again, if the gateway said so.
    """

    def __init__(self, message: str, *, status: int = 0, retry_after: float | None = None) -> None:
        """Keep what was said."""
        super().__init__(message, transient=status == 0 or status in _AGAIN)
        self.status = status
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class Access:
    """Where the gateway is, who asks, and for whom.

    What is not given is taken from ``HEADGATE_URL``, ``HEADGATE_TOKEN``, ``HEADGATE_USER`` and ``HEADGATE_CA_FILE``.
    """

    url: str
    token: str = field(repr=False)
    user: str | None = None
    ca_file: str | None = None

    @classmethod
    def of(cls, url: str | None, token: str | None, user: str | None, ca_file: Path | str | None) -> Access:
        """Return the access these and the environment give. Raises HeadgateError for what is missing."""
        url, token = url or os.environ.get("HEADGATE_URL"), token or os.environ.get("HEADGATE_TOKEN")
        if not url or not token:
            missing = "the gateway's address (HEADGATE_URL)" if not url else "a token (HEADGATE_TOKEN)"
            raise HeadgateError(f"{missing} is missing")
        own_ca = str(ca_file or os.environ.get("HEADGATE_CA_FILE") or "") or None
        return cls(url.rstrip("/"), token, user or os.environ.get("HEADGATE_USER"), own_ca)

    def headers(self) -> dict[str, str]:
        """Return what every request says."""
        own = {"X-Auth-Token": self.token, "Accept": "application/json, */*;q=0.1"}
        return own | ({"User": self.user} if self.user else {})

    def trust(self) -> ssl.SSLContext:
        """Return whose certificates are believed: those the system believes, or those of ``ca_file`` alone."""
        try:
            return ssl.create_default_context(cafile=self.ca_file)
        except (OSError, ssl.SSLError) as error:
            raise HeadgateError(f"the certificates in {self.ca_file} cannot be read") from error


@dataclass(frozen=True, slots=True)
class Ask:
    """One request. ``repeatable``: asking twice does no more than asking once."""

    method: str
    path: str
    query: Mapping[str, Any] = field(default_factory=dict)
    body: Any = None
    content: bytes | None = None
    files: Mapping[str, tuple[str, BinaryIO, str]] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    repeatable: bool = True


def job_path(job_id: str, *more: str) -> str:
    """Return the path of a job, or of something of it."""
    return "/".join(["/jobs", quote(job_id, safe=""), *more])


def file_path(job_id: str, path: str, what: str = "files") -> str:
    """Return the path of a file of a job."""
    return job_path(job_id, what, quote(path.strip("/")))


def submit(options: Options, key: str | None, *, start: bool) -> Ask:
    """Submit a job. It always has an idempotency key, so that it may be asked for again when no answer came."""
    body = {name: value for name, value in options.items() if value is not None}
    headers = {"Idempotency-Key": key or str(uuid.uuid4())}
    return Ask("POST", "/jobs", body={**body, "start": start}, headers=headers)


def lists(query: Options) -> Ask:
    """List jobs."""
    return Ask("GET", "/jobs", query={name: value for name, value in query.items() if value is not None})


def upload_part(job_id: str, path: str, data: bytes, start: int, size: int) -> Ask:
    """Write a part of a file, with its checksum; all of it if it is small."""
    digest = base64.b64encode(hashlib.sha256(data).digest()).decode()
    headers = {"Content-Digest": f"sha-256=:{digest}:", "Content-Type": "application/octet-stream"}
    if start or len(data) != size:
        headers["Content-Range"] = f"bytes {start}-{start + len(data) - 1}/{size}"
    return Ask("PUT", file_path(job_id, path), content=data, headers=headers)


def upload_zip(job_id: str, file: BinaryIO) -> Ask:
    """Unpack a zip file into a job's directory; what has the same names there is replaced."""
    files = {"job_dir": ("files.zip", file, "application/zip")}
    return Ask("POST", job_path(job_id, "files"), files=files)


def same_beginning(file: BinaryIO, there: Mapping[str, Any]) -> int:
    """Return how many bytes of a file are there already: as many as there are, if they are its beginning; else 0."""
    digest, left = hashlib.sha256(), int(there["size"])
    file.seek(0)
    while left > 0 and (data := file.read(min(left, PIECE))):
        digest.update(data)
        left -= len(data)
    return int(there["size"]) if left == 0 and digest.hexdigest() == there["sha256"] else 0


def bytes_from(start: int, end: int | None) -> dict[str, str]:
    """Return the header that asks for the bytes from ``start`` up to, not including, ``end``; none for all of them."""
    if start == 0 and end is None:
        return {}
    return {"Range": f"bytes={start}-{'' if end is None else end - 1}"}


def judged(status: int, headers: Mapping[str, str], body: bytes) -> Any:
    """Return what an answer says: JSON, or nothing. Raises ApiError for a refusal."""
    if status >= ERROR:
        raise ApiError(_words(status, body), status=status, retry_after=_seconds(headers.get("retry-after")))
    if not body or "json" not in headers.get("content-type", ""):
        return None
    try:
        return json.loads(body)
    except ValueError:
        raise ApiError("the gateway answered something that is no JSON", status=status) from None


def next_page(headers: Mapping[str, str]) -> str | None:
    """Return the path of the next page; None if this was the last one."""
    found = _NEXT.search(headers.get("link", ""))
    return found[1] if found else None


def silence(error: Exception) -> ApiError:
    """Return what it means that no answer came."""
    return ApiError(f"the gateway cannot be reached: {type(error).__name__}")


def event(sent: Any) -> Event | None:
    """Return an event of a stream; None for what is none."""
    try:
        data = json.loads(sent.data)
        return Event.model_validate({**data, "number": int(sent.id or 0)})
    except (ValueError, TypeError):
        return None


def pause(attempt: int, error: ApiError) -> float:
    """Return seconds to wait before another try."""
    return min(30.0, error.retry_after if error.retry_after is not None else 0.25 * 2.0**attempt)


def _words(status: int, body: bytes) -> str:
    try:
        detail = json.loads(body)["detail"]
    except (ValueError, KeyError, TypeError):
        detail = body[:300].decode("utf-8", "replace").strip()
    return str(detail) or f"the gateway answered {status}"


def _seconds(text: str | None) -> float | None:
    return float(text) if text and text.isascii() and text.isdigit() else None
