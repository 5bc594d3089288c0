"""From a clean Debian to the first message, step by step, as a new administrator would do it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from headgate.testing.chroot.booted import PACKAGES, BootedMachine
from headgate.testing.chroot.debian import clean
from scripts.package.head_node import DOMAIN, USER, HeadNode
from scripts.package.releases import Release
from scripts.package.timing import Timing


def first_message(release: Release, package: Path, directory: Path, show: Callable[[str], object]) -> Timing:
    """Do it once in ``directory`` and return how long each step took. Raises ClusterError where a step fails."""
    with BootedMachine(clean(release.suite, *PACKAGES), directory / "root") as machine:
        node = HeadNode(machine, directory / "mails")
        try:
            timing, _ = walk(release, package, node, show)
        finally:
            node.close()
    return timing


def walk(release: Release, package: Path, node: HeadNode, show: Callable[[str], object]) -> tuple[Timing, str]:
    """Go all the way on a head node that is new; return how long each step took, and the first mail."""
    timing = Timing(f"Debian {release.number} ({release.suite}), from nothing to the first message", show)
    with timing.step(f"Slurm {release.slurm} of that release: apt install"):
        node.install_slurm()
    with timing.step("munge, slurmctld and slurmd start; a mail server, too"):
        node.start_slurm()
        node.start_mail_server()
    with timing.step(f"apt install ./{package.name}"):
        node.install_headgate(package)
    with timing.step("headgate setup --yes --executor"):
        said = node.set_up("--executor")
    with timing.step("MailProg into slurm.conf; scontrol reconfigure"):
        node.add_to_slurm_conf(said)
    with timing.step("executor and service start, and are ready"):
        node.start_executor()
        node.start_headgate()
    with timing.step(f"sbatch --mail-type=END, and its mail comes to {USER}@{DOMAIN}"):
        job = node.submit()
        mail = node.wait_for_mail(f"job {job}")
    return timing, mail
