from __future__ import annotations

from pathlib import Path

import pytest

from headgate.testing.chroot.booted import PACKAGES, BootedMachine, why_not_booted
from headgate.testing.chroot.debian import clean
from headgate.testing.chroot.machine import why_not
from headgate.testing.cluster.errors import CommandError

_UNIT = """\
[Service]
Type=oneshot
ExecStart=/usr/bin/touch /usr/written /var/tmp/written
ProtectSystem=full
"""


@pytest.mark.slow
@pytest.mark.parametrize("suite", ["bookworm", "trixie"])
def test_systemd_runs_it_makes_sandboxes_and_nothing_of_it_stays(suite: str, tmp_path: Path) -> None:
    if reason := why_not() or why_not_booted():
        pytest.skip(reason)
    mounts = Path("/proc/self/mounts").read_text()
    groups = _groups()
    with BootedMachine(clean(suite, *PACKAGES), tmp_path / "root", "n8") as machine:
        assert machine.run("/bin/cat", "/proc/1/comm") == "systemd\n"
        assert machine.systemctl("is-system-running") == "running\n"
        assert machine.run("/bin/hostname", "--fqdn") == "n8.cluster.example\n"
        machine.path("/run/systemd/system/t.service").write_text(_UNIT)
        with pytest.raises(CommandError):
            machine.systemctl("start", "t.service")
        assert "cannot touch '/usr/written': Read-only file system" in machine.journal("t.service")
        assert machine.path("/var/tmp/written").exists()  # noqa: S108 - the machine's own
        assert machine.shown("t.service", "Result") == "exit-code"
        with pytest.raises(CommandError, match="Read-only"):
            machine.run("/bin/sh", "-c", "echo 1 >/proc/sys/vm/drop_caches")
        assert _groups() != groups
    assert not (tmp_path / "root").exists()
    assert Path("/proc/self/mounts").read_text() == mounts
    assert not _groups() - groups


def _groups() -> set[Path]:
    places = [
        line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines() if " - cgroup2 " in line
    ]
    return {path for place in places for path in Path(place).glob("headgate-*")}
