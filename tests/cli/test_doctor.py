"""``headgate doctor`` on the command line."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.stored import HOSTILE, STEERING, Site, empty_site, filled_site
from tests.service.running import toml


def nothing_runs(site: Site, directory: Path) -> None:
    site.config.write_text(
        toml(
            {
                "store": {"url": site.url},
                "slurm": {"bin": str(directory / "nothing")},
                "spool": {"path": str(directory / "spool")},
                "service": {"listen": "off"},
            }
        )
    )


def test_all_that_is_wrong_is_told_with_what_to_do(tmp_path: Path) -> None:
    site = empty_site(tmp_path)
    nothing_runs(site, tmp_path)
    done = site.process("doctor", "--json")
    found = {one["area"]: one for one in json.loads(done.stdout) if one["level"] == "wrong"}
    assert done.returncode == 1
    assert found.keys() == {"store", "slurm", "spool"}
    assert all(one["advice"] for one in found.values())
    assert "store migrate" in found["store"]["advice"]


def test_a_mistake_in_the_configuration_is_told_and_ends_it(tmp_path: Path) -> None:
    site = empty_site(tmp_path)
    site.config.write_text("[stoer]\nurl = 'x'\n")
    done = site.process("doctor")
    assert done.returncode == 1
    assert "stoer" in done.stdout
    assert "did you mean [store]" in done.stdout
    assert "Traceback" not in done.stderr


def test_deliveries_that_were_given_up_are_noted_and_steer_no_terminal(tmp_path: Path) -> None:
    site = filled_site(tmp_path)
    nothing_runs(site, tmp_path)
    result = site.run("doctor")
    assert "deliveries were given up" in result.output
    assert not [mark for mark in STEERING if mark in result.output]
    assert HOSTILE not in result.output
    quiet = site.run("doctor", "--quiet")
    assert "ok " not in quiet.output
