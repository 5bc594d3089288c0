"""``headgate backup`` and ``headgate restore`` on the command line."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.stored import empty_site, filled_site


def test_what_was_backed_up_is_there_after_it_was_restored(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    one, two, file = filled_site(tmp_path / "one"), empty_site(tmp_path / "two"), tmp_path / "backup"
    said = one.text("backup", str(file))
    assert said.startswith(f"{file} holds 4 events, 4 deliveries, 0 submissions, 0 executions; ")
    assert two.text("restore", str(file)).startswith("The store holds 4 events, 4 deliveries")
    assert two.json("event", "list") == one.json("event", "list")
    assert two.json("delivery", "list") == one.json("delivery", "list")


def test_it_is_a_failure_in_one_line_if_it_cannot_be_done(tmp_path: Path) -> None:
    site, file = filled_site(tmp_path), tmp_path / "backup"
    assert json.loads(site.process("backup", str(file), "--json").stdout)["events"] == 4
    for words, why in (
        (("backup", str(file)), "exists already"),
        (("restore", str(file)), "is not empty"),
        (("restore", str(tmp_path / "none")), "cannot be read"),
    ):
        done = site.process(*words)
        assert done.returncode == 1
        assert why in done.stderr
        assert len(done.stderr.splitlines()) == 1
