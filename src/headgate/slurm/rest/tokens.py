"""Tokens for slurmrestd: from a file, from a program, or made with the cluster's key.

Source: the page "JSON Web Tokens (JWT) Authentication" of Slurm's documentation (claims ``exp``, ``iat``, ``sun``).
"""

from __future__ import annotations

import asyncio
import re
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from joserfc import jwt
from joserfc.jwk import OctKey

from headgate.config.slurmrestd import RestSettings
from headgate.errors import SlurmCommandError, SlurmRefusedError
from headgate.slurm import process

_USER: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.@-]{0,63}")
_TOKEN: Final = re.compile(r"[\x21-\x7e]{1,16384}")
_EARLIER: Final = 30.0
"""Seconds by which a token is renewed before it expires."""
_PATH: Final = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C"}


@dataclass(frozen=True, slots=True)
class _Kept:
    token: str
    until: float


class Tokens:
    """Gives a token for each user. No token is in any error."""

    def __init__(self, settings: RestSettings) -> None:
        self._settings = settings
        self._kept: dict[str, _Kept] = {}
        self._file: tuple[int, str] | None = None

    async def of(self, user: str, *, acting: bool) -> str:
        """Return a token good for this user. ``acting``: for doing something in their name, never as root.

        Raises SlurmRefusedError for a user nobody may act for, SlurmCommandError if there is no token.
        """
        if not _USER.fullmatch(user) or (acting and user == "root"):
            raise SlurmRefusedError("nobody acts for this user")
        if self._settings.token_file is not None:
            return await asyncio.to_thread(self._from_file, self._settings.token_file)
        kept = self._kept.get(user)
        if kept is None or kept.until <= time.time():
            lifetime = self._settings.token_lifetime
            kept = _Kept(await self._new(user), time.time() + max(1.0, lifetime - min(_EARLIER, lifetime / 2)))
            self._kept[user] = kept
        return kept.token

    def forget(self, user: str) -> None:
        """Take a new token next time: this one was refused."""
        self._kept.pop(user, None)
        self._file = None

    async def _new(self, user: str) -> str:
        if self._settings.key_file is not None:
            return await asyncio.to_thread(self._made, self._settings.key_file, user)
        answer = await process.run([*self._settings.token_command, user], env=_PATH, timeout=self._settings.timeout)
        token = answer.stdout.strip().removeprefix("SLURM_JWT=")
        if answer.code != 0 or not _TOKEN.fullmatch(token):
            raise SlurmCommandError(f"{Path(self._settings.token_command[0]).name} gave no token (exit {answer.code})")
        return token

    def _made(self, path: Path, user: str) -> str:
        now = int(time.time())
        claims = {"iat": now, "exp": now + int(self._settings.token_lifetime), "sun": user}
        return jwt.encode({"alg": "HS256"}, claims, OctKey.import_key(_read(path)))

    def _from_file(self, path: Path) -> str:
        try:
            changed = path.stat().st_mtime_ns
        except OSError as error:
            raise SlurmCommandError(f"the token's file {path} cannot be read: {error.strerror}") from error
        if self._file is None or self._file[0] != changed:
            token = _read(path).decode("utf-8", "replace").strip().removeprefix("SLURM_JWT=")
            if not _TOKEN.fullmatch(token):
                raise SlurmCommandError(f"there is no token in {path}")
            self._file = (changed, token)
        return self._file[1]


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise SlurmCommandError(f"{path} cannot be read: {error.strerror}") from error
