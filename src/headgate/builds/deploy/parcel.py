"""What is sent of one artefact: itself, its metadata, and a signature of each, with the names they get."""

from __future__ import annotations

import hashlib
import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from headgate.builds.deploy import names
from headgate.builds.deploy.policy import Candidate
from headgate.builds.deploy.request import DeployRequest
from headgate.builds.deploy.signing import sign
from headgate.builds.deploy.spool import Copy
from headgate.config.builds import DeploySettings


@dataclass(frozen=True, slots=True)
class Piece:
    """A file and the name it gets."""

    file: Path
    key: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Parcel:
    """An artefact and what goes with it, in the order it is sent: the metadata last, since others wait for it."""

    bucket: str
    artefact: Piece
    companions: tuple[Piece, ...]


class Target(Protocol):
    """Where parcels go."""

    def url(self, bucket: str, key: str) -> str:
        """Return the address that metadata name."""
        ...

    async def send(self, parcel: Parcel) -> bool:
        """Put a parcel there; say whether the artefact was there already, the same bytes. Raises DeployError."""
        ...

    async def aclose(self) -> None:
        """Let go of what it holds."""
        ...


@dataclass(frozen=True, slots=True)
class Wrapping:
    """What a parcel is made by."""

    settings: DeploySettings
    instance: str
    target: Target


async def wrap(wrapping: Wrapping, request: DeployRequest, candidate: Candidate, copy: Copy) -> Parcel:
    """Write the metadata and the signatures beside the copy, and return all of it. Raises DeployError."""
    settings, job, name = wrapping.settings, candidate.job, candidate.artefact.name
    key = names.key(_folder(settings.artefact_prefix, request, candidate), name)
    bucket = names.of_repository(settings.bucket, job.repository_id)
    metadata = copy.path.with_name(f"{name}.meta.txt")
    told = describe(wrapping, request, candidate, copy, wrapping.target.url(bucket, key))
    metadata.write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
    beside = names.key(_folder(settings.metadata_prefix, request, candidate), metadata.name)
    companions = [_piece(metadata, beside)]
    if signing := settings.signing.get(job.repository_id):
        namespace = signing.namespace or wrapping.instance
        for file, its_key in ((metadata, beside), (copy.path, key)):
            companions.insert(0, _piece(await sign(file, signing, namespace), f"{its_key}.sig"))
    return Parcel(bucket, Piece(copy.path, key, copy.size, copy.sha256), tuple(companions))


def describe(
    wrapping: Wrapping, request: DeployRequest, candidate: Candidate, copy: Copy, url: str
) -> dict[str, dict[str, str]]:
    """Return the metadata, with the predecessor's keys. Of the host they hold what the settings let them."""
    settings = wrapping.settings
    return {
        "uploader": {
            "username": wrapping.instance,
            "ip": settings.metadata_ip,
            "hostname": settings.metadata_hostname,
        },
        "payload": {
            "filename": candidate.artefact.name,
            "size": str(copy.size),
            "ctime": written(copy.modified),
            "sha256sum": copy.sha256,
            "url": url,
        },
        "link2pr": {
            "repo": request.repository.path,
            "pr": str(request.number),
            "pr_comment_id": str(candidate.job.comment_id),
        },
    }


def written(moment: float) -> str:
    """Return a time in the words of the date command, in UTC and the C locale: ``Fri Nov 20 23:58:08 UTC 2026``."""
    then = time.gmtime(moment)
    day = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")[then.tm_wday]
    month = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")[then.tm_mon - 1]
    clock = f"{then.tm_hour:02}:{then.tm_min:02}:{then.tm_sec:02}"
    return f"{day} {month} {then.tm_mday:2} {clock} UTC {then.tm_year}"


def _folder(prefix: str | dict[str, str], request: DeployRequest, candidate: Candidate) -> str:
    chosen = names.of_repository(prefix, candidate.job.repository_id)
    return names.folder(chosen, repository=request.repository.path, number=request.number, name=candidate.artefact.name)


def _piece(file: Path, key: str) -> Piece:
    content = file.read_bytes()
    return Piece(file, key, len(content), hashlib.sha256(content).hexdigest())
