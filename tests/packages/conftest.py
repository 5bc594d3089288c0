"""A head node of each Debian release, on which Headgate was installed from its package: shared by a file's tests."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from headgate.testing.chroot.booted import PACKAGES, BootedMachine, why_not_booted
from headgate.testing.chroot.debian import clean
from headgate.testing.chroot.machine import why_not
from scripts.package import cached, environment, trial
from scripts.package.head_node import HeadNode
from scripts.package.releases import RELEASES, Release
from scripts.package.timing import Timing


@dataclass(frozen=True, slots=True)
class Installed:
    """What was installed where, and what the way there brought."""

    release: Release
    package: Path
    node: HeadNode
    timing: Timing
    first_mail: str

    @property
    def machine(self) -> BootedMachine:
        return self.node.machine

    def headgate(self, *arguments: str) -> str:
        """Run a headgate command as its account."""
        return self.machine.run(self.node.program, *arguments, user="headgate")


@pytest.fixture(scope="module", params=list(RELEASES))
def installed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installed]:
    """From a clean Debian to the first message, once for each release."""
    if reason := why_not() or why_not_booted():
        pytest.skip(reason)
    release = RELEASES[request.param]
    package = cached.package(release)
    directory = tmp_path_factory.mktemp(release.suite)
    tree = clean(release.suite, *PACKAGES)
    with BootedMachine(tree, directory / "root", shared=environment.cache()) as machine:
        node = HeadNode(machine, directory / "mails")
        try:
            timing, mail = trial.walk(release, package, node, show=print)
            yield Installed(release, package, node, timing, mail)
        finally:
            node.close()
