"""The image: built by podman without a registry, and run by compose beside a Slurm, as the how-to page has it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from headgate.config.load import DEFAULT_PATH
from headgate.config.settings import ServiceSettings, Settings
from headgate.testing.chroot.booted import PACKAGES, BootedMachine, why_not_booted
from headgate.testing.chroot.debian import clean
from headgate.testing.chroot.machine import why_not
from scripts.package import cached, container
from scripts.package.head_node import DOMAIN, USER, HeadNode
from scripts.package.releases import RELEASES


def test_compose_builds_this_image_and_mounts_what_headgate_reads() -> None:
    service = yaml.safe_load(container.COMPOSE.read_text())["services"]["headgate"]
    context = (container.COMPOSE.parent / service["build"]["context"]).resolve()
    assert (context / service["build"]["dockerfile"]).resolve() == container.CONTAINERFILE
    mounted = {Path(mount.split(":")[1]) for mount in service["volumes"]}
    settings = Settings()
    store = Path(settings.store.url.get_secret_value().removeprefix("sqlite:///"))
    for needed in (DEFAULT_PATH, store, settings.spool.path):
        assert any(needed.is_relative_to(path) for path in mounted)


def test_compose_waits_until_the_service_has_stopped() -> None:
    service = yaml.safe_load(container.COMPOSE.read_text())["services"]["headgate"]
    assert int(service["stop_grace_period"].removesuffix("s")) > ServiceSettings().stop_deadline


@pytest.mark.slow
@pytest.mark.slurm
@pytest.mark.timeout(1800)
def test_podman_builds_it_and_a_jobs_mail_comes_from_the_container(tmp_path: Path) -> None:
    if reason := why_not() or why_not_booted():
        pytest.skip(reason)
    release = RELEASES[container.suite()]
    package = cached.package(release)
    with BootedMachine(clean(release.suite, *PACKAGES), tmp_path / "root") as machine:
        node, engine = HeadNode(machine, tmp_path / "mails"), container.Engine(machine)
        try:
            node.install_slurm()
            node.start_slurm()
            node.start_mail_server()
            node.install_headgate(package)
            node.add_to_slurm_conf(node.set_up())
            engine.install()
            engine.build(package)
            _walk(node, engine)
        finally:
            node.close()


def _walk(node: HeadNode, engine: container.Engine) -> None:
    machine = node.machine
    own = {f"HEADGATE_{name}": machine.run("/usr/bin/id", option, "headgate").strip() for name, option in _NUMBERS}
    engine.compose("up", "--detach", env=own)
    node.wait_until_ready()
    assert node.state() == "inactive"  # systemd's
    assert engine.podman("exec", container.NAME, "id", "-u").strip() == own["HEADGATE_UID"]
    # No systemd came with it: what stands in for it did.
    assert "gone" in engine.podman("exec", container.NAME, "sh", "-c", "test -e /usr/bin/systemctl || echo gone")
    job = node.submit()
    mail = node.wait_for_mail(f"job {job}")
    assert re.search(rf"^X-Envelope-To: {USER}@{DOMAIN}$", mail, re.MULTILINE)
    said = engine.podman("logs", container.NAME)
    assert '"event": "delivery.delivered"' in said
    engine.compose("stop", env=own)
    assert engine.podman("inspect", "--format", "{{.State.Status}} {{.State.ExitCode}}", container.NAME) == "exited 0\n"
    engine.compose("down", env=own)
    assert engine.podman("ps", "--all", "--quiet") == ""
    # The store is the host's: systemd's service goes on with it.
    machine.systemctl("start", "headgate.service")
    node.wait_until_ready()
    assert f"job {job}" in machine.run(node.program, "event", "list", f"--job={job}", user="headgate")


_NUMBERS = (("UID", "--user"), ("GID", "--group"))
