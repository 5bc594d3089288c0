"""A site with two rules, and events for them."""

from __future__ import annotations

from pathlib import Path

import pytest

from headgate.events.journal import Journal
from headgate.model.event import Event, EventKind, Source
from headgate.store.migrate import migrate
from headgate.store.store import Store
from tests.cli.stored import HOSTILE, Site
from tests.service.running import toml

TELL = """\
name: tell
pack: site
description: Tell of bad jobs.
trigger: {type: job.suspended}
criteria: {trigger.reason: {type: startswith, pattern: bad}}
action: {ref: notify.send, parameters: {to: ["slack:#ops"], title: "{{ trigger.reason }}"}}
"""


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    made = tmp_path / "rules.d"
    made.mkdir()
    (made / "tell.yaml").write_text(TELL)
    (made / "wrong.yaml").write_text("name: wrong\ntrigger: {type: job.suspended}\naction: {ref: notify.sned}\n")
    return made


@pytest.fixture
def site(tmp_path: Path, directory: Path) -> Site:
    url = f"sqlite:///{tmp_path}/headgate.db"
    store = Store(url)
    migrate(store)
    facts = [
        Event(
            "k1", EventKind.JOB_SUSPENDED, 1e9, "job 1", Source.WATCHER, "alpha", 1, data={"reason": f"bad {HOSTILE}"}
        ),
        Event("k2", EventKind.JOB_SUSPENDED, 1e9, "job 2", Source.WATCHER, "alpha", 2, data={"reason": "good"}),
        Event("k3", EventKind.JOB_ENDED, 1e9, "job 2", Source.WATCHER, "alpha", 2),
    ]
    store.write_now(lambda connection: Journal().append(connection, facts))
    store.close()
    config = tmp_path / "headgate.toml"
    config.write_text(toml({"store": {"url": url}, "rules": {"directory": str(directory)}}))
    return Site(config, url)
