"""Asking slurmrestd: one exchange, bounded in time and size, with the errors of its body before its HTTP status."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import httpx2
import structlog

from headgate.config.slurmrestd import RestSettings
from headgate.errors import SlurmCommandError, SlurmOutputError, SlurmRefusedError
from headgate.slurm.rest.connections import Connections
from headgate.slurm.rest.steps import Step, newest, offered
from headgate.slurm.rest.tokens import Tokens
from headgate.slurm.rest.values import Complaint, complaints, warnings
from headgate.telemetry.spans import span

_log = structlog.get_logger(__name__)
_UNCHANGED: Final = 304
_ERROR: Final = 400
_NOT_OURS: Final = frozenset({401, 403, 511})
"""How a token that is not good is answered (511: 24.11)."""
_AUTHENTICATION: Final = 1007
_UNSPECIFIED: Final = -1
"""What 22.05 says of an expired token, and of much else: then its words tell of parsing."""
_AWAY: Final = frozenset({502, 503, 504})
_AWAY_NUMBERS: Final = frozenset({1001, 1800, 6000, 7000, 9004})


@dataclass(frozen=True, slots=True)
class Unchanged:
    """Nothing has changed since the time that was asked about."""


class Door:
    """One slurmrestd."""

    def __init__(self, settings: RestSettings) -> None:
        self._settings = settings
        self._tokens = Tokens(settings)
        self._step: Step | None = None
        self._finding = asyncio.Lock()
        self._connections = Connections(settings)

    async def aclose(self) -> None:
        """Close connections."""
        await self._connections.aclose()

    async def step(self) -> Step:
        """Return the newest step of the API that both sides know; found out once. Raises SlurmError."""
        async with self._finding:
            if self._step is None:
                for path in ("/openapi/v3", "/openapi"):
                    status, body = await self._exchange("GET", path, self._settings.user, acting=False)
                    if status < _ERROR and (found := newest(offered(_object(body)), self._settings.api_versions)):
                        self._step = found
                        _log.info("slurmrestd.found", version=found.version)
                        break
                else:
                    raise SlurmCommandError("slurmrestd offers no step of its API that Headgate may use")
        return self._step

    async def ask(
        self,
        method: str,
        path: str,
        *,
        user: str | None = None,
        body: Mapping[str, Any] | None = None,
        query: Mapping[str, str] | None = None,
        patience: float | None = None,
        done: str = "",
    ) -> dict[str, Any] | Unchanged:
        """Ask, and return the answer's body. ``path``: with ``{v}`` for the step. ``user``: in whose name.

        ``done``: what an answer holds when it was done, whatever it complains of besides (22.05 tells a job's id and,
        as an error, that the job is held).

        Raises SlurmRefusedError if Slurm refused, SlurmCommandError if it did not answer or is away (what became of it
        is not known then), SlurmOutputError for what cannot be read.
        """
        who, acting = user or self._settings.user, user is not None
        for attempt in (1, 2):
            step = await self.step()
            address = path.replace("{v}", f"v{step.version}")
            with span(f"slurmrestd {method}", "client", url__path=address) as told:
                status, raw = await self._exchange(
                    method, address, who, acting=acting, body=body, query=query, patience=patience
                )
                told.set(http__response__status_code=status)
            if status == _UNCHANGED:
                return Unchanged()
            unknown_path = status == 404 and not raw.lstrip().startswith(b"{")  # noqa: PLR2004 - no such path
            if unknown_path and attempt == 1:
                self._step = None  # slurmrestd was changed for another version
                continue
            return self._judged(status, raw, who, done)
        raise AssertionError

    def _judged(self, status: int, raw: bytes, who: str, done: str) -> dict[str, Any]:
        if status in _NOT_OURS:
            self._tokens.forget(who)
            raise SlurmCommandError("slurmrestd refused the token (expired, or for another user)")
        answer = _object(raw) if status < _ERROR or raw.lstrip().startswith(b"{") else {}
        if done and answer.get(done):
            return answer
        if found := complaints(answer):
            self._complain(found, who)
        if status in _AWAY:
            raise SlurmCommandError(f"slurmrestd cannot reach Slurm now (HTTP {status})")
        if status >= _ERROR:
            words = raw[:200].decode("utf-8", "replace").strip()
            raise SlurmRefusedError(f"slurmrestd answered {status}: {words}" if words else f"slurmrestd said {status}")
        for words in warnings(answer):
            _log.warning("slurmrestd.warning", text=words[:300])
        return answer

    def _complain(self, found: list[Complaint], who: str) -> None:
        words = "; ".join(one.words for one in found)[:600]
        codes = {one.code for one in found}
        unspecified = _UNSPECIFIED in codes and "pars" not in words.lower()
        if _AUTHENTICATION in codes or unspecified:
            self._tokens.forget(who)
            raise SlurmCommandError(f"slurmrestd could not authenticate: {words}")
        if codes & _AWAY_NUMBERS or "Unable to contact" in words:
            raise SlurmCommandError(f"slurmrestd cannot reach Slurm now: {words}")
        raise SlurmRefusedError(words, number=next((one.code for one in found if one.code), 0))

    async def _exchange(
        self,
        method: str,
        path: str,
        user: str,
        *,
        acting: bool,
        body: Mapping[str, Any] | None = None,
        query: Mapping[str, str] | None = None,
        patience: float | None = None,
    ) -> tuple[int, bytes]:
        token = await self._tokens.of(user, acting=acting)
        headers = {"X-SLURM-USER-NAME": user, "X-SLURM-USER-TOKEN": token}
        limit = self._settings.answer_limit
        data = bytearray()
        try:
            async with (
                asyncio.timeout(patience or self._settings.timeout),
                self._connections.of(user if acting else None) as client,
                client.stream(
                    method, path, headers=headers, json=body, params=query, timeout=patience or self._settings.timeout
                ) as answer,
            ):
                async for piece in answer.aiter_raw():
                    data += piece
                    if len(data) > limit:
                        raise SlurmOutputError(f"slurmrestd answered more than {limit} bytes", transient=False)
                return answer.status_code, bytes(data)
        except (TimeoutError, httpx2.TimeoutException):
            seconds = patience or self._settings.timeout
            raise SlurmCommandError(f"slurmrestd did not answer within {seconds:g} s") from None
        except httpx2.HTTPError as error:
            raise SlurmCommandError(f"slurmrestd cannot be reached: {type(error).__name__}") from None


def _object(raw: bytes) -> dict[str, Any]:
    try:
        # Names hold anything, and slurmrestd passes it on: what is no UTF-8, and control characters.
        answer = json.loads(raw.decode("utf-8", "replace"), strict=False) if raw.strip() else {}
    except (ValueError, RecursionError):
        answer = None
    if not isinstance(answer, dict):
        raise SlurmOutputError("slurmrestd answered something that is no JSON object")
    return answer
