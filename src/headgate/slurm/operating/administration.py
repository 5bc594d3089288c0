"""What all operations need: running commands, the account they run as, and which nodes there are."""

from __future__ import annotations

import asyncio
import os
import pwd
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from headgate.errors import NotFoundError, SlurmCommandError
from headgate.model.hostlist import expand_hosts
from headgate.model.node import Node
from headgate.slurm.client import SlurmClient
from headgate.slurm.commands import configuration
from headgate.slurm.operating.own_reasons import Owner, OwnReasons, ReasonsInMemory, this_account
from headgate.slurm.process import Account
from headgate.slurm.refusals import said_no

_SHOWN_NAMES: Final = 10


class Administration:
    """The way into a cluster for those who operate it. ``most``: nodes, or jobs, that one operation may change."""

    def __init__(self, client: SlurmClient, *, most: int, reasons: OwnReasons | None = None) -> None:
        self.client = client
        self.most = most
        self.reasons: OwnReasons = reasons or ReasonsInMemory()
        self._asking = asyncio.Lock()
        self._slurm_user: tuple[str, int] | None = None

    async def ask(self, words: Sequence[str], extra: Mapping[str, str] | None = None) -> str:
        """Run a command and return what it printed. Raises SlurmRefusedError for a no, and other SlurmError."""
        return await self._run(words, extra, None)

    async def ask_as_slurm_user(self, words: Sequence[str]) -> str:
        """Run a command as SlurmUser if this process can, else as itself. Raises as ``ask`` does."""
        return await self._run(words, None, await self._slurm_account())

    async def owner(self) -> Owner:
        """Return the account whose reasons may be ours."""
        return this_account((await self.slurm_user())[0])

    async def slurm_user(self) -> tuple[str, int]:
        """Return SlurmUser's name and number; asks Slurm once."""
        async with self._asking:
            if self._slurm_user is None:
                found = configuration.slurm_user(configuration.parse(await self.ask(configuration.command())))
                self._slurm_user = found or ("root", 0)
        return self._slurm_user

    async def nodes(self, hostlists: Iterable[str], *, bounded: bool = True) -> dict[str, Node]:
        """Return the nodes that hostlists name. Raises ValueError and NotFoundError if not all of them can be had."""
        names = self.names(hostlists, bounded=bounded)
        known = {node.name: node for node in await self.client.nodes()}
        missing = [name for name in names if name not in known]
        if missing:
            more = f" and {len(missing) - _SHOWN_NAMES} more" if len(missing) > _SHOWN_NAMES else ""
            raise NotFoundError(f"Slurm knows no node {', '.join(missing[:_SHOWN_NAMES])}{more}; nothing was done")
        return {name: known[name] for name in names}

    def names(self, hostlists: Iterable[str], *, bounded: bool = True) -> list[str]:
        """Return the names in hostlists, each once. Raises ValueError for what is none, for none, and for too many."""
        found: dict[str, None] = {}
        for text in hostlists:
            hosts = expand_hosts(text)
            if hosts is None:
                raise ValueError(f"{text[:64]!a} is no hostlist")
            found.update(dict.fromkeys(hosts))
        if not found:
            raise ValueError("no nodes are named")
        if bounded and len(found) > self.most:
            raise ValueError(f"{len(found)} nodes are named; one call may touch {self.most}")
        return list(found)

    async def _run(self, words: Sequence[str], extra: Mapping[str, str] | None, account: Account | None) -> str:
        try:
            return await self.client.run(words, extra, account=account)
        except SlurmCommandError as error:
            raise said_no(error) from error

    async def _slurm_account(self) -> Account | None:
        name, uid = await self.slurm_user()
        if os.geteuid() != 0 or uid == 0:
            return None
        try:
            known = pwd.getpwnam(name)
        except KeyError:
            return None
        return Account(name, known.pw_uid, known.pw_gid)
