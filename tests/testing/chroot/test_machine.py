from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from headgate.testing.chroot.debian import clean
from headgate.testing.chroot.machine import Machine, end, why_not
from headgate.testing.cluster.errors import CommandError


@pytest.mark.slow
def test_a_machine_sees_itself_only_and_nothing_of_it_stays(tmp_path: Path) -> None:
    if reason := why_not():
        pytest.skip(reason)
    mounts = Path("/proc/self/mounts").read_text()
    shared = tmp_path / "given"
    shared.mkdir()
    with Machine(clean("bookworm"), tmp_path / "root", "n7", shared=shared) as machine:
        assert machine.run("/bin/hostname", "--fqdn") == "n7.cluster.example\n"
        assert "VERSION_CODENAME=bookworm" in machine.run("/bin/cat", "/etc/os-release")
        assert len([name for name in machine.run("/bin/ls", "/proc").split() if name.isdigit()]) < 10
        machine.run("/usr/bin/touch", "/shared/here")
        assert (shared / "here").exists()
        look = ["/bin/cat", "/proc/net/dev"]
        outside = subprocess.run(machine.outside(*look), capture_output=True, text=True, check=True)
        assert "eth" not in outside.stdout
        assert "lo:" in outside.stdout
        daemon = machine.start("/bin/sleep", "1000", log="/var/log/daemon", user="nobody")
        left = machine.start("/bin/sleep", "2000", log="/var/log/daemon")
        machine.run(
            "/bin/sh", "-c", 'until [ "$(cat /proc/[0-9]*/cmdline | tr -d "\\0" | grep -c 2000)" -gt 0 ]; do :; done'
        )
        assert end(daemon) != 0
        with pytest.raises(CommandError, match="status 3"):
            machine.run("/bin/sh", "-c", "exit 3")
    assert left.poll() is not None
    assert not (tmp_path / "root").exists()
    assert Path("/proc/self/mounts").read_text() == mounts
