"""What a user is logged in with: a private key from a file or from a program, perhaps with a certificate."""

from __future__ import annotations

import asyncio
import re
import stat
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import asyncssh
import structlog

from headgate.config.ssh import SshSettings
from headgate.errors import SlurmError
from headgate.executor.refusal import RefusedError
from headgate.slurm.process import run

_log = structlog.get_logger(__name__)
_LONGEST: Final = 64 * 1024
"""Bytes of a key with its certificate."""
_KEY: Final = re.compile(rb"-----BEGIN [A-Z ]*PRIVATE KEY-----\n.*?\n-----END [A-Z ]*PRIVATE KEY-----\n?", re.DOTALL)
_CERTIFICATE: Final = re.compile(rb"^[a-z0-9@.-]+-cert-v01@openssh\.com [A-Za-z0-9+/=]+.*$", re.MULTILINE)


@dataclass(frozen=True, slots=True, repr=False)
class Login:
    """A key, and its certificate if there is one. It shows neither."""

    key: asyncssh.SSHKey
    certificate: asyncssh.SSHCertificate | None = None
    until: float = 0.0
    """The monotonic time until which it may be used again."""


class Logins:
    """Gets users' keys. No message of an error holds any of what was read."""

    def __init__(self, settings: SshSettings) -> None:
        self._settings = settings
        self._known: dict[str, Login] = {}

    async def of(self, user: str, *, fresh: bool = False) -> Login:
        """Return what to log in with. ``fresh``: not what the program printed before. Raises RefusedError."""
        if self._settings.keys is not None:
            return await asyncio.to_thread(_from_file, Path(self._settings.keys.replace("%u", user)))
        known = self._known.get(user)
        if known is None or fresh or known.until <= time.monotonic():
            known = self._known[user] = await self._printed(user)
        return known

    def may_be_old(self, login: Login) -> bool:
        """Whether a program may print another key by now."""
        return login.until > 0

    def forget(self) -> None:
        """Forget the keys whose time is over."""
        now = time.monotonic()
        self._known = {user: login for user, login in self._known.items() if login.until > now}

    async def _printed(self, user: str) -> Login:
        words = [*(self._settings.command or ()), user]
        try:
            answer = await run(
                words, env={"PATH": "/usr/bin:/bin"}, timeout=self._settings.command_timeout, stdout_limit=_LONGEST
            )
        except SlurmError as error:  # its words name the program and the time, nothing else
            raise RefusedError("login", f"there is no key to log in with: {error.message}") from error
        if answer.code:
            _log.warning("ssh.no_key", user=user, program=words[0], code=answer.code)
            raise RefusedError("login", "there is no key to log in with: the program that gives keys failed")
        return _parsed(answer.stdout.encode(), time.monotonic() + self._settings.lifetime)


def _from_file(path: Path) -> Login:
    try:
        with path.open("rb") as file:
            if stat.S_IMODE(path.stat().st_mode) & stat.S_IRWXO:
                raise RefusedError("login", "the key to log in with can be read by everybody, so it is not used")
            data = file.read(_LONGEST)
        beside = path.with_name(path.name + "-cert.pub")
        certificate = beside.read_bytes()[:_LONGEST] if beside.exists() else b""
    except OSError as error:
        raise RefusedError("login", f"there is no key to log in with: {error.strerror}") from error
    return _parsed(data.rstrip() + b"\n" + certificate, 0.0)


def _parsed(data: bytes, until: float) -> Login:
    """Read a key and a certificate. The errors below would hold parts of what was read, so they are not handed on."""
    data = data.replace(b"\r\n", b"\n")
    key, certificate = _KEY.search(data), _CERTIFICATE.search(data)
    if key is None:
        raise RefusedError("login", "there is no key to log in with: what was read is no private key")
    try:
        return Login(
            asyncssh.import_private_key(key[0]),
            None if certificate is None else asyncssh.import_certificate(certificate[0]),
            until,
        )
    except (asyncssh.KeyImportError, asyncssh.KeyEncryptionError, ValueError):
        pass
    raise RefusedError("login", "there is no key to log in with: what was read is no key without a passphrase")
