"""Signatures by OpenSSH: ``FILE.sig``, made by ``ssh-keygen -Y sign`` with a key that no job can read."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Final

from headgate.builds.deploy.request import DeployError
from headgate.config.builds import SigningSettings
from headgate.errors import SlurmError
from headgate.slurm.process import run

PROGRAM: Final = Path("/usr/bin/ssh-keygen")
_ENVIRONMENT: Final = {"PATH": "/usr/bin:/bin", "LC_ALL": "C"}
_SECONDS: Final = 3600.0
"""ssh-keygen reads the whole file: 50 GB from a slow disk take their time."""


async def sign(file: Path, settings: SigningSettings, namespace: str, *, program: Path = PROGRAM) -> Path:
    """Sign a file and return the signature beside it. Raises DeployError; it never waits for a passphrase."""
    signature = file.with_name(f"{file.name}.sig")
    signature.unlink(missing_ok=True)
    argv: list[str | Path] = [program, "-q", "-Y", "sign", "-f", settings.key, "-n", namespace, file]
    try:
        answer = await run(argv, env=_ENVIRONMENT, timeout=_SECONDS)
    except SlurmError as error:
        raise DeployError(f"it cannot be signed: {error.message}", transient=error.transient) from error
    if answer.code != 0 or not signature.is_file():
        raise DeployError(f"it cannot be signed: ssh-keygen ended with {answer.code}; see `headgate build doctor`")
    return signature


async def public_key(settings: SigningSettings, *, program: Path = PROGRAM) -> str:
    """Return the public half of a key, as it stands in a file of allowed signers. Raises DeployError."""
    try:
        answer = await run([program, "-y", "-P", "", "-f", settings.key], env=_ENVIRONMENT, timeout=30)
    except SlurmError as error:
        raise DeployError(f"the public key cannot be told: {error.message}") from error
    if answer.code != 0:
        raise DeployError(f"{settings.key} is no private key, or has a passphrase: ssh-keygen cannot read it")
    return answer.stdout.strip()


def objections(key: Path) -> list[str]:
    """Return what is wrong with a key's file; nothing, if only its owner, us or root, can read it."""
    try:
        info = key.stat()
    except OSError as error:
        return [f"{key}: {error.strerror}"]
    found = []
    if stat.S_IMODE(info.st_mode) & 0o077:
        found.append(f"{key} can be read by others: chmod 600 it")
    if info.st_uid not in (os.geteuid(), 0):
        found.append(f"{key} belongs to another account")
    if not os.access(key, os.R_OK):
        found.append(f"{key} cannot be read by Headgate's account")
    return found
