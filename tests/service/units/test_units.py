"""The files for systemd: it understands them, and they fit what the service does."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

import headgate.service.units
from headgate.config.settings import Settings
from headgate.events.sources.mail.install import DEFAULT_TARGET

UNITS = Path(headgate.service.units.__file__).parent
SERVICE = UNITS / "headgate.service"
PROGRAM = "/opt/headgate/bin/headgate"


def _directives() -> dict[str, list[str]]:
    """Return directive -> its values, in order; an empty one takes back those before it."""
    found: dict[str, list[str]] = {}
    for line in SERVICE.read_text().splitlines():
        if match := re.fullmatch(r"([A-Z]\w+)=(.*)", line):
            found.setdefault(match[1], []).append(match[2])
    return found


def _seconds(text: str) -> int:
    match = re.fullmatch(r"(\d+)(s|min)", text)
    assert match, text
    return int(match[1]) * {"s": 1, "min": 60}[match[2]]


def test_the_files_are_part_of_the_package() -> None:
    assert {path.name for path in UNITS.iterdir() if path.suffix in (".service", ".conf")} == {
        "headgate.service",
        "headgate-executor.service",
        "headgate.sysusers.conf",
        "headgate.tmpfiles.conf",
    }


def test_every_line_of_the_unit_is_a_section_a_directive_or_a_comment() -> None:
    odd = [
        line
        for line in SERVICE.read_text().splitlines()
        if line and not re.fullmatch(r"\[(Unit|Service|Install)\]|[A-Z]\w+=.*|#.*", line)
    ]
    assert odd == []


def test_the_service_is_watched_restarted_and_reloaded() -> None:
    unit = _directives()
    assert unit["Type"] == ["notify"]
    assert unit["NotifyAccess"] == ["main"]
    assert unit["ExecStart"] == [f"{PROGRAM} serve"]
    assert unit["ExecReload"] == ["/bin/kill -HUP $MAINPID"]
    assert unit["Restart"] == ["on-failure"]
    assert unit["User"] == unit["Group"] == unit["StateDirectory"] == ["headgate"]
    assert _seconds(unit["WatchdogSec"][0]) > 0


def test_systemd_waits_longer_for_the_end_than_the_service_does() -> None:
    assert _seconds(_directives()["TimeoutStopSec"][0]) > Settings().service.stop_deadline + 10


def test_the_places_are_those_of_the_default_settings() -> None:
    settings, unit = Settings(), _directives()
    spool, store = settings.spool.path, settings.store.url.get_secret_value().removeprefix("sqlite:///")
    writable = [path.removeprefix("-") for path in unit["ReadWritePaths"]]
    assert any(spool.is_relative_to(path) for path in writable)
    assert Path(store).parent == Path("/var/lib", unit["StateDirectory"][0])
    made = re.findall(r"^d (\S+) (\d+) (\w+) (\w+)$", (UNITS / "headgate.tmpfiles.conf").read_text(), re.MULTILINE)
    assert {Path(path) for path, *_ in made} == {Path("/etc/headgate"), Path(store).parent, spool.parent}


def test_the_hand_off_is_outside_of_what_the_service_may_write() -> None:
    assert not any(DEFAULT_TARGET.is_relative_to(path.removeprefix("-")) for path in _directives()["ReadWritePaths"])


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
def test_systemd_finds_nothing_wrong_with_the_unit(tmp_path: Path) -> None:
    copy = tmp_path / SERVICE.name
    # The program lies where an administrator puts it; systemd wants to see one.
    copy.write_text(SERVICE.read_text().replace(PROGRAM, "/bin/true"))
    done = subprocess.run(
        ["systemd-analyze", "verify", str(copy)],  # noqa: S607 - wherever it is
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.skipif(shutil.which("systemd-sysusers") is None, reason="systemd is not installed")
def test_systemd_would_make_the_account(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    command = ["systemd-sysusers", "--dry-run", f"--root={tmp_path}", str(UNITS / "headgate.sysusers.conf")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert "headgate" in done.stdout + done.stderr
