"""Whether deploying would work: every part of it is tried, and what is wrong is said with what to do about it."""

from __future__ import annotations

import asyncio
import os
import secrets
import stat
from collections.abc import Awaitable
from pathlib import Path
from typing import Final

from headgate.builds.deploy import names
from headgate.builds.deploy.directory import Directory
from headgate.builds.deploy.parcel import Target
from headgate.builds.deploy.request import DeployError
from headgate.builds.deploy.s3 import ObjectStore
from headgate.builds.deploy.signing import objections, public_key, sign
from headgate.builds.deploy.spool import room
from headgate.config.builds import DeploySettings, SigningSettings
from headgate.model.finding import Finding, tried, well, wrong

_ADVICE: Final = {
    "403": "the credentials may not; they need s3:ListBucket, s3:GetObject and s3:PutObject",
    "404": "there is no such bucket",
    "301": "the bucket is in another region: set builds.deploy.region",
    "400": "the object store did not take the request: look at region, endpoint_url and the session's token",
}


async def examine(
    settings: DeploySettings, instance: str, target: Target | None, *, write: bool = False
) -> list[Finding]:
    """Try the spool, the signing keys, and the place where artefacts go.

    ``write``: also put a small object into each bucket and remove it; programs that watch the bucket may see it.
    """
    if settings.policy == "none":
        return [well("deploy", 'nothing is deployed: builds.deploy.policy is "none"')]
    found = [await _try("spool", _spool(settings.spool))]
    found += [
        await _try(f"signing of {name}", _key(settings, signing, instance))
        for name, signing in settings.signing.items()
    ]
    if settings.credentials is not None:
        found.append(_private("credentials", settings.credentials))
    if isinstance(target, ObjectStore):
        buckets = settings.bucket.values() if isinstance(settings.bucket, dict) else [settings.bucket]
        found += [await _try(f"bucket {bucket}", _bucket(target, bucket, write)) for bucket in dict.fromkeys(buckets)]
    elif isinstance(target, Directory):
        found.append(await _try("directory", _directory(target)))
    elif settings.script is not None:
        found.append(_program("upload script", settings.script))
    return found


async def _try(what: str, work: Awaitable[str]) -> Finding:
    try:
        return well(what, await work)
    except DeployError as error:
        return wrong(what, error.message)


async def _spool(spool: Path) -> str:
    async with room(spool) as here:
        mode = await asyncio.to_thread(lambda: stat.S_IMODE(here.parent.stat().st_mode))
    if mode & 0o022:
        raise DeployError(f"{spool} can be written by others: chmod 700 it")
    return f"{spool} can be written"


async def _key(settings: DeploySettings, signing: SigningSettings, instance: str) -> str:
    if objected := objections(signing.key):
        raise DeployError("; ".join(objected))
    namespace = signing.namespace or instance
    async with room(settings.spool) as here:
        probe = here / "probe"
        probe.write_text("headgate\n", encoding="utf-8")
        await sign(probe, signing, namespace)
    return f"signs in the namespace {namespace} with {await public_key(signing)}"


async def _bucket(target: ObjectStore, bucket: str, write: bool) -> str:
    try:
        await target.look(bucket)
        if write:
            await target.try_writing(bucket, names.key("", f"headgate-doctor-{secrets.token_hex(8)}"))
    except DeployError as error:
        advice = [text for status, text in _ADVICE.items() if f"answered {status}" in error.message]
        raise DeployError(": ".join([error.message, *advice])) from error
    return "is there, and can be written" if write else "is there; whether it can be written was not tried"


async def _directory(target: Directory) -> str:
    await target.try_writing()
    return "can be written"


def _private(what: str, path: Path) -> Finding:
    objected = objections(path)
    return tried(what, not objected, "; ".join(objected) or f"{path} can be read by nobody else")


def _program(what: str, path: Path) -> Finding:
    """Judge a program of the site's: there, executable, and not to be changed by anybody but root and us."""
    try:
        info = path.stat()
    except OSError as error:
        return wrong(what, f"{path}: {error.strerror}")
    if not stat.S_ISREG(info.st_mode) or not os.access(path, os.X_OK):
        return wrong(what, f"{path} cannot be run", f"chmod 755 {path}")
    if stat.S_IMODE(info.st_mode) & 0o022 or info.st_uid not in (0, os.geteuid()):
        why = f"{path} can be changed by others, who would have what Headgate may do"
        return wrong(what, why, f"chown root {path}; chmod 755 {path}")
    return well(what, f"{path} can be run")
