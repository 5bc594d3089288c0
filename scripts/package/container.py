"""A container engine on a head node: podman builds the image as docs/howto/container.md has it, and compose runs it."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from headgate.testing.chroot.debian import clean
from headgate.testing.chroot.machine import Machine
from scripts.package.wheel import ROOT

CONTAINERFILE = ROOT / "examples/container/Containerfile"
COMPOSE = ROOT / "examples/container/compose.yaml"
NAME = "container_headgate_1"
"""The container that compose makes."""

_PLACE = Path("/root/headgate")
_SETTINGS = """\
# As in a virtual machine that may neither raise its limits nor change the kernel's settings, and has no controllers.
[containers]
default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]
default_sysctls = []
pids_limit = 0
"""


def suite(file: Path = CONTAINERFILE) -> str:
    """Return the suite of Debian that the image is made from. Raises ValueError if it is made from something else."""
    found = re.search(r"^FROM debian:(\w+)-slim$", file.read_text(), re.MULTILINE)
    if found is None:
        raise ValueError(f"{file} is not made from a slim Debian")
    return found[1]


class Engine:
    """podman in a machine, without a registry: the image below ours is made from the machine's own clean tree."""

    def __init__(self, machine: Machine) -> None:
        """``machine``: one that was booted, for podman asks systemd for control groups."""
        self._machine = machine

    def install(self) -> None:
        """Install podman and podman-compose of that release, and import what our image stands on."""
        machine = self._machine
        machine.install("podman", "podman-compose")
        machine.path("/etc/containers/containers.conf").write_text(_SETTINGS)
        name = f"docker.io/library/debian:{suite()}-slim"
        argv = ["/bin/tar", "--directory", str(clean(suite())), "--create", "--file", "-", "."]
        with subprocess.Popen(argv, stdout=subprocess.PIPE) as tar:
            words = machine.argv("/usr/bin/podman", "import", "--quiet", "-", name)
            subprocess.run(words, stdin=tar.stdout, check=True, capture_output=True, timeout=300)
        if tar.returncode:
            raise subprocess.CalledProcessError(tar.returncode, argv)

    def build(self, package: Path) -> None:
        """Build the image, of the package in ``dist`` beside the examples, as in a checkout."""
        place = self._machine.path(_PLACE)
        for file in (CONTAINERFILE, COMPOSE):
            target = place / file.relative_to(ROOT)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, target)
        (place / "dist").mkdir()
        shutil.copy(package, place / "dist")
        # In the host's network, as the machine's own leads nowhere.
        command = "podman build --network host --tag headgate --file examples/container/Containerfile dist"
        self._machine.run("/bin/sh", "-c", f"cd {_PLACE} && exec {command}", network=True)

    def compose(self, *words: str, env: Mapping[str, str]) -> str:
        """Run ``podman compose`` and return what it said."""
        file = _PLACE / COMPOSE.relative_to(ROOT)
        return self.podman("compose", "--file", str(file), *words, env=env)

    def podman(self, *words: str, env: Mapping[str, str] | None = None) -> str:
        """Run podman and return what it said."""
        return self._machine.run("/usr/bin/podman", *words, env=env)
