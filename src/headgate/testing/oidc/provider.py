"""Starts the provider, gives its tokens, and changes its keys."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import signal
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import httpx2
from joserfc.jwk import ECKey, RSAKey

SCRIPT = Path(__file__).with_name("provider.mjs")
_PATIENCE = 60.0


def new_keys(algorithm: str, *kids: str) -> list[dict[str, Any]]:
    """Return private keys of these names, as JWKs."""
    made = [
        RSAKey.generate_key(2048, {"kid": kid, "use": "sig", "alg": algorithm})
        if algorithm.startswith(("RS", "PS"))
        else ECKey.generate_key("P-256", {"kid": kid, "use": "sig", "alg": algorithm})
        for kid in kids
    ]
    return [dict(key.as_dict(private=True)) for key in made]


class OidcProvider:
    """A running provider; use it as an async context manager.

    ``node``: the program. ``modules``: a directory whose ``node_modules`` has ``oidc-provider``. ``users``: client id
    -> the user its tokens name; each client's secret is its id, twice. ``lifetime``: of tokens, in seconds.

    ``pages``: client id -> where people who sign in come back to, ``people``: name -> further claims of somebody (all
    others have none), ``claims_in_token``: whether an ID token holds them, and not only the answer about the user.
    """

    def __init__(
        self,
        node: Path,
        modules: Path,
        users: Mapping[str, str | None],
        *,
        audience: str = "https://headgate.example.org",
        algorithm: str = "RS256",
        lifetime: int = 600,
        pages: Mapping[str, str] | None = None,
        people: Mapping[str, Mapping[str, Any]] | None = None,
        claims_in_token: bool = False,
    ) -> None:
        self._node, self._modules = node, modules
        self.audience, self.algorithm = audience, algorithm
        self.keys = new_keys(algorithm, "first")
        self._settings = {
            "clients": [
                {"client_id": name, "client_secret": name * 2, **({} if user is None else {"user": user})}
                for name, user in users.items()
            ]
            + [
                {
                    "client_id": name,
                    "client_secret": name * 2,
                    "redirect_uris": [f"{url}/ui/sign-in/oidc/back"],
                    "post_logout_redirect_uris": [f"{url}/ui/sign-in"],
                }
                for name, url in (pages or {}).items()
            ],
            "people": people or {},
            "claims_in_token": claims_in_token,
            "audience": audience,
            "lifetime": lifetime,
            "algorithm": algorithm,
        }
        self.issuer = ""
        self._process: asyncio.subprocess.Process | None = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self) -> None:
        """Start it; ``issuer`` says where it is."""
        self._process = await asyncio.create_subprocess_exec(
            str(self._node),
            str(SCRIPT),
            str(self._modules),
            json.dumps({**self._settings, "keys": self.keys}),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,  # what is called node here may be a wrapper, whose end does not end it
        )
        self.issuer = await self._line()

    async def stop(self) -> None:
        """End it."""
        process, self._process = self._process, None
        if process is not None:
            if process.returncode is None:
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()

    async def rotate(self, *kids: str) -> None:
        """Sign with new keys of these names from now on."""
        self.keys = new_keys(self.algorithm, *kids)
        process = self._process
        if process is None or process.stdin is None:
            raise RuntimeError("the provider is not running")
        process.stdin.write(json.dumps({"keys": self.keys}).encode() + b"\n")
        await process.stdin.drain()
        await self._line()

    async def token(self, client: str) -> str:
        """Return an access token of a client."""
        login = base64.b64encode(f"{client}:{client * 2}".encode()).decode()
        async with httpx2.AsyncClient(trust_env=False, timeout=30) as http:
            answer = await http.post(
                f"{self.issuer}/token",
                data={"grant_type": "client_credentials", "scope": "jobs", "resource": self.audience},
                headers={"Authorization": f"Basic {login}"},
            )
        answer.raise_for_status()
        return str(answer.json()["access_token"])

    async def _line(self) -> str:
        if self._process is None or self._process.stdout is None:
            raise RuntimeError("the provider is not running")
        async with asyncio.timeout(_PATIENCE):
            line = await self._process.stdout.readline()
        if not line:
            raise RuntimeError("the provider ended")
        return line.decode().strip()
