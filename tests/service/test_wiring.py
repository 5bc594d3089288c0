"""From a configuration to the parts that run."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from headgate.config.settings import Settings
from headgate.errors import ConfigError
from headgate.model.states import JobState
from headgate.notify.compose import Material
from headgate.service import wiring
from headgate.service.wiring import Slurm, load_settings, make_connectors, make_running, open_store
from headgate.slurm.client import SlurmClient
from headgate.store.store import Store
from headgate.testing.slurm import FakeSlurm
from tests.notify.jobs import COMPLETED, ENDED, message
from tests.service.running import toml

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


ALWAYS = {"listener", "housekeeping"}


def test_every_part_runs_unless_it_is_said_otherwise(tmp_path: Path, sqlite: Store) -> None:
    assert parts(sqlite, settings(tmp_path)) == ALWAYS | {"mail", "watcher", "composer", "worker mailto"}


@pytest.mark.parametrize(
    ("wanted", "made"),
    [
        (["http"], set()),
        (["mail"], {"mail"}),
        (["watcher"], {"watcher"}),
        (["worker"], {"composer", "worker mailto"}),
        (["mail", "watcher"], {"mail", "watcher"}),
    ],
)
def test_only_the_parts_that_are_switched_on_run(
    tmp_path: Path, sqlite: Store, wanted: list[str], made: set[str]
) -> None:
    assert parts(sqlite, settings(tmp_path, service={"parts": wanted})) == ALWAYS | made


def test_a_watcher_that_is_not_enabled_does_not_run(tmp_path: Path, sqlite: Store) -> None:
    assert "watcher" not in parts(sqlite, settings(tmp_path, watcher={"enabled": False}))


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
        "notify": {"attempts": 4, "digest_lines": 50, "lease": 12.0, "backoff_max": 30.0},
    }
    own = settings(tmp_path, **tables)
    worker = wiring.make_worker(own, sqlite, make_connectors(own)["mailto"], own.connectors["mailto"], "w")
    used = worker._settings
    assert (used.limits.rate, used.limits.burst, used.limits.recipient_burst) == (2.5, 7, 3)
    assert (used.limits.digest_size, used.concurrency, used.lease) == (50, 9, 12.0)
    assert (used.retries.attempts, used.retries.longest, used.pause_longest) == (4, 30.0, 30.0)


def test_lost_mails_can_be_ignored(tmp_path: Path) -> None:
    assert wiring._watcher_settings(settings(tmp_path)).grace == 120
    assert wiring._watcher_settings(settings(tmp_path, watcher={"mail_grace": 30})).grace == 30
    assert wiring._watcher_settings(settings(tmp_path, watcher={"lost_mail": "ignore"})).grace is None


def test_a_store_is_opened_where_the_settings_say(tmp_path: Path) -> None:
    store = open_store(settings(tmp_path))
    assert (tmp_path / "headgate.db").exists()
    store.close()


def test_a_mistake_in_the_configuration_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="intervall"):
        settings(tmp_path, watcher={"intervall": 5})


def test_all_messages_of_a_digest_are_named() -> None:
    digest = wiring.make_digest([message(replace(ENDED, job_id=number)) for number in range(300)], 1.0)
    assert len(digest.digest) == 300


async def test_messages_name_who_cancelled_as_this_host_knows_them(tmp_path: Path) -> None:
    make = wiring.message_maker(settings(tmp_path))
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
