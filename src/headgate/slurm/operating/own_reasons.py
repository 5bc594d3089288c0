"""Which nodes' reasons are ours: nobody else's is overwritten or undone.

The account that set a reason is known to Slurm. Where only Headgate uses that account, that decides. root and SlurmUser
are used by people, health checks and Slurm itself too; there a reason is ours if it is also the one we wrote down.
"""

from __future__ import annotations

import os
import pwd
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy import Connection

from headgate.model.node import Node
from headgate.store import memories
from headgate.store.store import Store


class OwnReasons(Protocol):
    """Remembers which reason was given to which node last."""

    async def remember(self, cluster: str, nodes: Sequence[str], reason: str) -> None:
        """Keep it."""
        ...

    async def recall(self, cluster: str, nodes: Sequence[str]) -> Mapping[str, str]:
        """Return what was kept, by node."""
        ...


class ReasonsInMemory:
    """Remembers as long as the process lives."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], str] = {}

    async def remember(self, cluster: str, nodes: Sequence[str], reason: str) -> None:
        """Keep it."""
        self._kept.update({(cluster, node): reason for node in nodes})

    async def recall(self, cluster: str, nodes: Sequence[str]) -> Mapping[str, str]:
        """Return what was kept, by node."""
        return {node: self._kept[cluster, node] for node in nodes if (cluster, node) in self._kept}


class StoredReasons:
    """Remembers in the store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def remember(self, cluster: str, nodes: Sequence[str], reason: str) -> None:
        """Keep it."""

        def work(connection: Connection) -> None:
            for node in nodes:
                memories.keep(connection, _key(cluster, node), reason)

        await self._store.write(work)

    async def recall(self, cluster: str, nodes: Sequence[str]) -> Mapping[str, str]:
        """Return what was kept, by node."""

        def work(connection: Connection) -> dict[str, str]:
            found = {node: memories.recall(connection, _key(cluster, node)) for node in nodes}
            return {node: reason for node, reason in found.items() if reason is not None}

        return await self._store.read(work)


@dataclass(frozen=True, slots=True)
class Owner:
    """The account that Headgate's commands run as. ``shared``: others use it too."""

    name: str
    shared: bool

    def owns(self, node: Node, remembered: str | None) -> bool:
        """Say whether a node's reason was set by Headgate."""
        return node.reason_user == self.name and (not self.shared or node.reason == remembered)


def this_account(slurm_user: str) -> Owner:
    """Return the account of this process."""
    uid = os.geteuid()
    try:
        name = pwd.getpwuid(uid).pw_name
    except KeyError:
        name = str(uid)
    return Owner(name, uid == 0 or name == slurm_user)


def _key(cluster: str, node: str) -> str:
    return f"node reason {cluster} {node}"
