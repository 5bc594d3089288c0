"""From a configuration to the parts that run."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from headgate.config.settings import Settings
from headgate.errors import ConfigError
from headgate.executor.interface import Identity, OpenFile, Place
from headgate.executor.refusal import RefusedError
from headgate.model.states import JobState
from headgate.notify.material import Material
from headgate.notify.output import OutputReader
from headgate.service import messages, watchers
from headgate.service.messages import make_lookups
from headgate.service.watchers import Slurm
from headgate.service.wiring import Running, load_settings, make_connectors, make_running, open_store
from headgate.slurm.client import SlurmClient
from headgate.store import nodes
from headgate.store.migrate import migrate
from headgate.store.store import Store
from headgate.testing.slurm import FakeSlurm
from tests.notify.connectors import ScriptedConnector
from tests.notify.jobs import COMPLETED, ENDED
from tests.service.running import toml
from tests.slurm.commands.test_nodes import record

MAILTO = {"host": "127.0.0.1", "port": 1, "from_address": "slurm@example.org", "domain": "example.org"}


def settings(tmp_path: Path, **tables: dict[str, Any]) -> Settings:
    path = tmp_path / "headgate.toml"
    given: dict[str, dict[str, Any]] = {
        "store": {"url": f"sqlite:///{tmp_path}/headgate.db"},
        "spool": {"path": str(tmp_path)},
        "connectors.mailto": MAILTO,
    }
    path.write_text(toml(given | tables))
    path.chmod(0o600)
    return load_settings(path)


def parts(store: Store, own: Settings) -> set[str]:
    return {part.name for part in make_running(own, store).parts}


@pytest.fixture
def sqlite(tmp_path: Path) -> Any:
    store = Store(f"sqlite:///{tmp_path}/headgate.db")
    yield store
    store.close()


ALWAYS = {"listener", "housekeeping", "revision", "standings"}


def test_every_part_runs_unless_it_is_said_otherwise(tmp_path: Path, sqlite: Store) -> None:
    assert parts(sqlite, settings(tmp_path)) == ALWAYS | {
        "mail", "watcher", "nodes", "composer", "resolver", "worker mailto", "local", "rules",
        "reservations",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("wanted", "made"),
    [
        (["http"], set()),
        (["mail"], {"mail"}),
        (["watcher"], {"watcher"}),
        (["nodes"], {"nodes"}),
        (["worker"], {"composer", "resolver", "worker mailto"}),
        (["mail", "watcher"], {"mail", "watcher"}),
        (["local"], {"local"}),
        (["rules"], {"rules", "reservations"}),
        (["bots"], set()),
    ],
)
def test_only_the_parts_that_are_switched_on_run(
    tmp_path: Path, sqlite: Store, wanted: list[str], made: set[str]
) -> None:
    assert parts(sqlite, settings(tmp_path, service={"parts": wanted})) == ALWAYS | made


def test_push_runs_where_a_way_in_is_open(tmp_path: Path, sqlite: Store) -> None:
    push = {"socket": "/run/x.sock", "listen": "127.0.0.1:0", "sensor": True}
    own = settings(tmp_path, push=push, service={"parts": ["push"]})
    assert parts(sqlite, own) == ALWAYS | {"hints", "hint socket", "push listener", "sensor"}
    own = settings(tmp_path, push={"listen": "127.0.0.1:0"}, service={"parts": ["push"]})
    assert parts(sqlite, own) == ALWAYS | {"hints", "push listener"}


def test_each_forge_is_caught_up_with_and_a_relay_is_listened_to(tmp_path: Path, sqlite: Store) -> None:
    key = tmp_path / "key.pem"
    key.write_text("-----BEGIN PRIVATE KEY-----")
    hub: dict[str, Any] = {"kind": "github", "app_id": 1, "private_key": str(key), "webhook_secret": "s"}
    lab: dict[str, Any] = {"kind": "gitlab", "token": "t", "webhook_secret": "s"}
    tables = {
        "builds.forges.hub": hub,
        "builds.forges.far": hub | {"relay": "https://relay/x"},
        "builds.forges.lab": lab,
    }
    made = make_running(settings(tmp_path, service={"parts": ["builds"]}, **tables), sqlite)
    names = {part.name for part in made.parts}
    assert {"catch-up hub", "catch-up far", "catch-up lab", "relay far"} <= names
    assert {name: type(forge).__name__ for name, forge in made.forges.items()} == {
        "hub": "GitHubForge",
        "far": "GitHubForge",
        "lab": "GitLabForge",
    }
    only_http = make_running(settings(tmp_path, service={"parts": ["http"]}, **tables), sqlite)
    assert {part.name for part in only_http.parts} == ALWAYS
    assert only_http.intake is not None
    assert make_running(settings(tmp_path), sqlite).intake is None


def test_an_app_whose_key_cannot_be_read_is_a_mistake_of_the_configuration(tmp_path: Path, sqlite: Store) -> None:
    hub: dict[str, Any] = {"kind": "github", "app_id": 1, "private_key": "/nowhere", "webhook_secret": "s"}
    with pytest.raises(ConfigError, match="/nowhere"):
        make_running(settings(tmp_path, **{"builds.forges.hub": hub}), sqlite)


def test_a_watcher_that_is_not_enabled_does_not_run(tmp_path: Path, sqlite: Store) -> None:
    assert "watcher" not in parts(sqlite, settings(tmp_path, watcher={"enabled": False}))
    assert "nodes" not in parts(sqlite, settings(tmp_path, nodes={"enabled": False}))


REST: dict[str, Any] = {"url": "http://127.0.0.1:1", "user": "ada", "token_command": ["/bin/true"]}


def test_each_cluster_has_a_node_watcher_where_there_are_commands(tmp_path: Path, sqlite: Store) -> None:
    far: dict[str, Any] = {"cluster": "far"}
    assert {"nodes", "nodes far"} <= parts(sqlite, settings(tmp_path, **{"clusters.far": far}))
    own = settings(tmp_path, **{"slurm": {"driver": "rest", "bin": str(tmp_path)}, "slurm.rest": REST})
    assert "nodes" not in parts(sqlite, own)


async def test_where_slurmrestd_is_asked_for_jobs_nodes_are_watched_by_the_commands(
    tmp_path: Path, sqlite: Store
) -> None:
    await asyncio.to_thread(migrate, sqlite)
    fake = FakeSlurm(tmp_path)
    fake.says("scontrol", record("n7", "IDLE"))
    fake.says("sacctmgr")
    slurm = {"driver": "rest", "bin": str(fake.bin), "cluster": "fake"}
    own = settings(tmp_path, **{"slurm": slurm, "slurm.rest": REST})
    [watching] = [part for part in make_running(own, sqlite).parts if part.name == "nodes"]
    running = asyncio.ensure_future(watching.run())
    async with asyncio.timeout(60):
        while not (found := await sqlite.read(lambda connection: nodes.of_cluster(connection, "fake"))):
            await asyncio.sleep(0.05)
    watching.stop()
    await asyncio.wait_for(running, 60)
    assert [one.name for one in found] == ["n7"]


def test_a_bot_runs_where_it_is_switched_on(tmp_path: Path, sqlite: Store) -> None:
    chat: dict[str, Any] = {"kind": "telegram", "token": "123456789:AAExampleExampleExampleExampleExampl"}
    for enabled in (True, False):
        tables: dict[str, Any] = {"connectors.telegram": chat, "connectors.telegram.bot": {"enabled": enabled}}
        own = settings(tmp_path, **tables)
        assert ("bot telegram" in parts(sqlite, own)) is enabled


def test_names_are_looked_up_only_where_a_connector_does(tmp_path: Path) -> None:
    assert make_lookups(settings(tmp_path)) == {}
    own = settings(tmp_path, **{"connectors.mailto.lookup": {"chain": ["links", "gecos"]}})
    assert set(make_lookups(own)) == {"mailto"}


async def test_a_connector_that_cannot_be_closed_is_in_no_other_ones_way() -> None:
    closed: list[str] = []

    class Broken(ScriptedConnector):
        async def aclose(self) -> None:
            closed.append(self.name)
            raise OSError

    await Running((), {name: Broken(name=name) for name in ("one", "two")}).close()
    assert closed == ["one", "two"]


async def test_the_connections_of_those_who_read_outputs_end_with_their_configuration() -> None:
    closed: list[str] = []

    class Line:
        async def ping(self, user: str) -> Identity:
            raise RefusedError("busy", user)

        async def open_read(self, user: str, place: Place) -> OpenFile:
            raise RefusedError("busy", f"{user} {place}")

        async def aclose(self) -> None:
            closed.append("line")

    await Running((), {}, outputs=OutputReader(Line())).close()
    assert closed == ["line"]


def test_every_connector_has_a_worker(tmp_path: Path, sqlite: Store) -> None:
    own = settings(tmp_path, **{"connectors.other": MAILTO | {"kind": "mailto"}})
    assert {"worker mailto", "worker other"} <= parts(sqlite, own)
    assert set(make_connectors(own)) == {"mailto", "other"}


async def test_connectors_are_closed_at_the_end(tmp_path: Path, sqlite: Store) -> None:
    running = make_running(settings(tmp_path), sqlite)
    assert set(running.connectors) == {"mailto"}
    await running.close()


def test_a_worker_has_the_settings_of_its_connector(tmp_path: Path, sqlite: Store) -> None:
    tables: dict[str, dict[str, Any]] = {
        "connectors.mailto": MAILTO | {"rate": 2.5, "burst": 7, "recipient_burst": 3, "concurrency": 9},
        "notify": {"attempts": 4, "digest_messages": 50, "lease": 12.0, "backoff_max": 30.0},
    }
    own = settings(tmp_path, **tables)
    worker = messages.make_worker(own, sqlite, make_connectors(own)["mailto"], own.connectors["mailto"], "w")
    used = worker._settings
    assert (used.limits.rate, used.limits.burst, used.limits.recipient_burst) == (2.5, 7, 3)
    assert (used.limits.digest_size, used.concurrency, used.lease) == (50, 9, 12.0)
    assert (used.retries.attempts, used.retries.longest, used.pause_longest) == (4, 30.0, 30.0)


def test_lost_mails_can_be_ignored(tmp_path: Path) -> None:
    assert watchers.watcher_settings(settings(tmp_path)).grace == 120
    assert watchers.watcher_settings(settings(tmp_path, watcher={"mail_grace": 30})).grace == 30
    assert watchers.watcher_settings(settings(tmp_path, watcher={"lost_mail": "ignore"})).grace is None


def test_a_store_is_opened_where_the_settings_say(tmp_path: Path) -> None:
    store = open_store(settings(tmp_path))
    assert (tmp_path / "headgate.db").exists()
    store.close()


def test_a_mistake_in_the_configuration_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="intervall"):
        settings(tmp_path, watcher={"intervall": 5})


async def test_messages_name_who_cancelled_as_this_host_knows_them(tmp_path: Path) -> None:
    make = messages.message_maker(settings(tmp_path), OutputReader())
    by_root = replace(COMPLETED, state=JobState.CANCELLED, cancelled_by=0)
    assert "by root" in (await make(Material(ENDED, by_root))).title
    unknown = replace(by_root, cancelled_by=2**32 - 5)
    assert "4294967291" in (await make(Material(ENDED, unknown))).title


async def test_the_watchers_questions_reach_slurm(tmp_path: Path) -> None:
    fake = FakeSlurm(tmp_path / "slurm")
    fake.has_queue([])
    fake.has_accounts([])
    slurm = Slurm(SlurmClient(fake.settings()))
    assert await slurm.cluster_name() == "fake"
    assert await slurm.queue() == []
    assert await slurm.accounting([1, 2], 1_700_000_000.0) == []
    assert len(fake.calls("squeue")) == len(fake.calls("sacct")) == 1
