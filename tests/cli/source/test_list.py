from __future__ import annotations

from pathlib import Path

from headgate.store import standings
from headgate.store.migrate import migrate
from headgate.store.standings import Stored
from headgate.store.store import Store
from tests.cli.stored import HOSTILE, Site, empty_site


def site(directory: Path) -> Site:
    made = empty_site(directory)
    store = Store(made.url)
    migrate(store)
    store.write_now(lambda c: standings.keep(c, [Stored("mail", "head1", 5.0, HOSTILE, 4e9)]))
    store.close()
    return made


def test_it_shows_what_each_source_said(tmp_path: Path) -> None:
    found = {one["name"]: one for one in site(tmp_path).json("source", "list")}
    assert found["mail"] == {
        "name": "mail",
        "what": "mails that Slurm hands over",
        "on": True,
        "host": "head1",
        "seen_at": 5.0,
        "problem": HOSTILE,
    }
    assert not found["jobcomp"]["on"]


def test_what_is_wrong_steers_no_terminal(tmp_path: Path) -> None:
    text = site(tmp_path).text("source", "list")
    assert "head1" in text
    assert "jobcomp" in text
