"""The Containerfile, gone through step by step in a clean Debian: no registry and no container engine is needed.

What is not shown by it: that an engine builds and starts it, and what compose.yaml mounts.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import time
from fnmatch import fnmatch
from pathlib import Path

import pytest
import yaml

from headgate.config.load import DEFAULT_PATH
from headgate.config.settings import Settings
from headgate.testing.chroot.debian import clean
from headgate.testing.chroot.machine import Machine, end, why_not
from headgate.testing.cluster.errors import CommandError
from scripts.package import cached, container
from scripts.package.releases import RELEASES

CONFIGURATION = """\
[service]
parts = ["http", "worker", "local"]
"""
READY = "import urllib.request as r; print(r.urlopen('http://127.0.0.1:8470/readyz', timeout=5).read().decode())"


def test_compose_builds_this_image_and_mounts_what_headgate_reads() -> None:
    service = yaml.safe_load(container.COMPOSE.read_text())["services"]["headgate"]
    context = (container.COMPOSE.parent / service["build"]["context"]).resolve()
    assert (context / service["build"]["dockerfile"]).resolve() == container.CONTAINERFILE
    mounted = {Path(mount.split(":")[1]) for mount in service["volumes"]}
    settings = Settings()
    store = Path(settings.store.url.get_secret_value().removeprefix("sqlite:///"))
    for needed in (DEFAULT_PATH, store, settings.spool.path):
        assert any(needed.is_relative_to(path) for path in mounted)


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_its_steps_lead_from_a_clean_debian_to_a_service_that_is_ready(tmp_path: Path) -> None:
    if reason := why_not():
        pytest.skip(reason)
    steps = container.read()
    release = next(one for one in RELEASES.values() if f"debian:{one.suite}-slim" in steps[0].text)
    package = cached.package(release)
    entry = next(step.words() for step in steps if step.word == "ENTRYPOINT")
    command = next(step.words() for step in steps if step.word == "CMD")
    user = next(step.text for step in steps if step.word == "USER")
    with Machine(clean(release.suite), tmp_path / "root") as machine:
        for step in steps:
            if step.word == "COPY":
                pattern, target = step.text.split()
                assert fnmatch(package.name, pattern)
                shutil.copy(package, machine.path(target) / package.name)
            elif step.word == "RUN":
                machine.run("/bin/sh", "-c", step.text, network=True)
        assert not machine.path("/usr/bin/systemctl").exists()
        machine.path("/etc/headgate/headgate.toml").write_text(CONFIGURATION)
        service = machine.start(*entry, *command, user=user, log="/var/log/container")
        deadline = time.monotonic() + 300
        answer = ""
        while not answer:
            said = machine.path("/var/log/container").read_text()
            assert service.poll() is None, said
            assert time.monotonic() < deadline, said
            with contextlib.suppress(CommandError):
                answer = machine.run("/usr/bin/python3", "-c", READY)
            time.sleep(0.1)
        assert json.loads(answer)["ready"] is True
        assert end(service) == 0
