"""The gateway as a part: it begins when Slurm has said which clusters there are, and serves until it is stopped."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import structlog

from headgate.actions.desk import Desk
from headgate.config.connector import ConnectorSettings
from headgate.config.executor import ExecutorSettings
from headgate.config.settings import Settings
from headgate.config.slurm import SlurmSettings
from headgate.errors import HeadgateError, SlurmCommandError, SlurmError
from headgate.executor.client import ExecutorClient
from headgate.executor.interface import Actor
from headgate.executor.refusal import ExecutorError, RefusedError
from headgate.executor.self_ import acting_as_oneself
from headgate.gateway.following import HOOKS, Follower
from headgate.gateway.gateway import Gateway
from headgate.gateway.rest_jobs import RestJobs
from headgate.gateway.settling import Settler, SettlingSettings
from headgate.gateway.tasks.notification import kind_of
from headgate.gateway.ways import Account, Way
from headgate.gateway.webhooks import HookConnector
from headgate.model.job import Figures
from headgate.notify.connector import Connector
from headgate.service.role_keeper import RoleKeeper
from headgate.service.roles import Role
from headgate.slurm.client import SlurmClient
from headgate.slurm.commands import scancel
from headgate.slurm.rest.client import RestClient
from headgate.store.store import Store

_log = structlog.get_logger(__name__)
_AGAIN = 5.0
"""Seconds until Slurm is asked again which cluster it is, and the executor's socket is looked for again."""


@dataclass(frozen=True, slots=True)
class ClusterClient:
    """A cluster: what is asked of it, and how it is set. ``alias``: its name in the settings; empty for the default."""

    settings: SlurmSettings
    client: SlurmClient | RestClient
    alias: str = ""


def acts_as_users(executor: ExecutorSettings) -> bool:
    """Whether there is a way to act as users at all."""
    return executor.way != "executor" or executor.path is not None


class GatewayPart:
    """Runs the gateway. ``current`` is it, while it runs."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        keeper: RoleKeeper,
        clusters: list[ClusterClient],
        connectors: Mapping[str, Connector],
    ) -> None:
        """``clusters``: the default one first. ``connectors``: those that tasks may name."""
        self._settings = settings
        self._store = store
        self._keeper = keeper
        self._clusters = clusters
        self._connectors = connectors
        self._kinds = {name: kind_of(own) for name, own in settings.connectors.items()}
        self._stop = asyncio.Event()
        self.follower = Follower(frozenset(self._kinds), settings.accounting.first_after)
        self.current: Gateway | None = None
        self.desk: Desk | None = None
        """Runs actions; set before ``run``."""

    def stop(self) -> None:
        """Ask ``run`` to end."""
        self._stop.set()

    async def run(self) -> None:
        """Serve until ``stop``. What keeps it from beginning stops nothing else; it is tried again."""
        told = ""
        while not self._stop.is_set():
            try:
                async with contextlib.AsyncExitStack() as stack:
                    await self._serve(await self._ways(stack))
                    return
            except HeadgateError as error:
                if error.message != told:
                    _log.error("gateway.failed", error=error.message, again_seconds=_AGAIN)
                told = error.message
            await self._rest()

    async def _ways(self, stack: contextlib.AsyncExitStack) -> dict[str, Way]:
        """Find out the clusters' names, and make the way to each. Raises HeadgateError."""
        ways: dict[str, Way] = {}
        for cluster in self._clusters:
            executor = self._settings.executor
            actor = await stack.enter_async_context(actor_of(executor, cluster.settings))
            try:
                name = await cluster.client.cluster_name()
            except SlurmError:
                if not cluster.alias:
                    raise  # the default one is needed
                _log.warning("gateway.cluster_away", cluster=cluster.alias)
                name = cluster.alias
            ways[name] = Way(
                name=name,
                files=actor,
                jobs=RestJobs(cluster.client, actor) if isinstance(cluster.client, RestClient) else actor,
                find=cluster.client.find_by_directory,
                account=account_of(cluster.client),
                roots=executor.roots,
                directory=self._settings.gateway.directory,
                alias="" if executor.way == "self" else cluster.alias,  # each cluster has a helper of its own then
            )
        return ways

    async def _serve(self, ways: Mapping[str, Way]) -> None:
        own = self._settings.gateway
        rules = self._settings.rules.directory
        gateway = Gateway(own, self._store, ways, self.follower, self._connectors, self._kinds, self.desk, rules)
        settling = SettlingSettings(after=self._settings.gateway.submit_again_after)
        settler = Role(self._keeper, "settler", lambda: Settler(self._store, ways, self.follower, settling))
        tasks = [
            asyncio.create_task(gateway.feed.run(), name="feed"),
            asyncio.create_task(settler.run(), name="settler"),
            asyncio.create_task(self._note_use(gateway), name="tokens"),
        ]
        stopped = asyncio.create_task(self._stop.wait())
        self.current = gateway
        _log.info("gateway.serving", clusters=list(ways))
        try:
            done, _ = await asyncio.wait({*tasks, stopped}, return_when=asyncio.FIRST_COMPLETED)
            for task in done - {stopped}:
                task.result()
        finally:
            self.current = None
            gateway.feed.stop()
            settler.stop()
            for task in (*tasks[2:], stopped):
                task.cancel()
            await asyncio.wait(tasks, timeout=self._settings.service.stop_deadline)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await gateway.aclose()

    async def _note_use(self, gateway: Gateway) -> None:
        while True:
            await asyncio.sleep(_AGAIN)
            with contextlib.suppress(HeadgateError):  # when a token was last used is told to people, no more
                await gateway.apps.note_use()

    async def _rest(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_AGAIN):
                await self._stop.wait()


def account_of(client: SlurmClient | RestClient) -> Account:
    """Return what asks a cluster's accounting."""
    return partial(_account, client)


async def _account(client: SlurmClient | RestClient, ids: Sequence[int], since: float) -> list[Figures]:
    return await client.accounting(ids, since=since)


@contextlib.asynccontextmanager
async def actor_of(executor: ExecutorSettings, slurm: SlurmSettings) -> AsyncIterator[Actor]:
    """Make what acts as users. Raises ConfigError, ExecutorError."""
    if executor.way == "self":
        async with acting_as_oneself(executor.roots, bin=slurm.bin or Path("/usr/bin"), conf=slurm.conf) as oneself:
            yield oneself
        return
    if executor.way == "ssh" and executor.ssh is not None:
        from headgate.executor.ssh import SshActor  # takes a tenth of the time that the service needs to start

        async with SshActor(executor.ssh, executor.roots) as by_ssh:
            yield by_ssh
        return
    yield ExecutorClient(executor.path) if executor.path else ExecutorClient()


class OwnersDoor:
    """Ends jobs as their owners, by the executor: the service's account needs no rights in Slurm for it."""

    def __init__(self, client: SlurmClient | RestClient, executor: ExecutorClient, alias: str = "") -> None:
        """``alias``: what the executor knows the cluster by."""
        self._client = client
        self._executor = executor
        self._alias = alias

    async def cluster_name(self) -> str:
        """Return the cluster's name. Raises SlurmError."""
        return await self._client.cluster_name()

    async def cancel(self, job: str, owner: str) -> str | None:
        """End a job of this user; return None, or in plain words why not. Raises SlurmError."""
        try:
            await self._executor.cancel(owner, job, cluster=self._alias)
        except RefusedError as error:
            if error.transient:
                raise SlurmCommandError(error.message) from error
            return scancel.refusal(error.message) or error.message
        except ExecutorError as error:
            raise SlurmCommandError(error.message) from error
        return None


def client_of(settings: SlurmSettings) -> SlurmClient | RestClient:
    """Return what asks a cluster, by the driver that is set. Raises ConfigError."""
    return RestClient(settings) if settings.driver == "rest" else SlurmClient(settings)


def door_of(
    executor: ExecutorSettings, client: SlurmClient | RestClient, alias: str = ""
) -> SlurmClient | RestClient | OwnersDoor:
    """Return how people end jobs: as their owners where there is an executor or slurmrestd, else as the service."""
    if isinstance(client, RestClient):
        return client
    if executor.way == "executor" and executor.path is not None:
        return OwnersDoor(client, ExecutorClient(executor.path), alias)
    return client


class HookSettings(ConnectorSettings):
    """How fast apps' webhooks are told."""


def hook_worker_settings() -> HookSettings:
    """Return the bounds of the connector that tells apps: no digests, many at once."""
    return HookSettings(kind=HOOKS, concurrency=16, burst=1_000_000, recipient_burst=1_000_000_000)


def hook_connector(settings: Settings, store: Store) -> HookConnector:
    """Make the connector that tells apps. Raises ConnectorError."""
    own = settings.gateway
    return HookConnector(store, own.hook_hosts, ca_file=own.hook_ca_file, timeout=15.0, connections=32)


@dataclass(slots=True)
class Current:
    """The gateway that is in force: of the parts that run now."""

    part: GatewayPart | None = field(default=None)

    def __call__(self) -> Gateway | None:
        """Return it; None while there is none."""
        return None if self.part is None else self.part.current
