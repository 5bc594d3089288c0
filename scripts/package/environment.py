"""A Python environment with Headgate in a machine, of packages whose hashes are known."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Final

from headgate import __version__
from headgate.testing.chroot.debian import proxies
from headgate.testing.chroot.machine import Machine
from headgate.testing.cluster.directories import CACHE, make_directory
from scripts.package import wheel

BUILD: Final = "/build"
"""Where files of the building lie inside the machine."""

_UV: Final = wheel.ROOT / ".venv/bin/uv"
_REQUIREMENTS: Final = wheel.ROOT / "requirements/run.txt"
_AUTHORITIES: Final = Path("/etc/ssl/certs/ca-certificates.crt")


def cache() -> Path:
    """Return the directory of fetched packages; the machine has to share it."""
    for directory in (CACHE, CACHE / "uv"):
        make_directory(directory)
    return CACHE / "uv"


def bring(machine: Machine) -> Path:
    """Bring uv, requirements/run.txt and our wheel to `BUILD` in the machine; return where the wheel is."""
    work = machine.path(BUILD)
    work.mkdir(exist_ok=True)
    for file in (_UV, _REQUIREMENTS, _AUTHORITIES):
        if file.exists():
            shutil.copy(file, work / file.name)
    return wheel.build(work)


def variables() -> dict[str, str]:
    """Return what uv and pip are told in the machine: how to fetch packages, and to keep uv's in what it shares."""
    given = {name: value for name, value in os.environ.items() if name.startswith("UV_")}
    return {
        **given,
        **proxies(),
        "UV_CACHE_DIR": "/shared",
        "UV_LINK_MODE": "copy",
        "UV_NO_CONFIG": "1",
        "SSL_CERT_FILE": f"{BUILD}/{_AUTHORITIES.name}",
        "PIP_CERT": f"{BUILD}/{_AUTHORITIES.name}",
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def make(machine: Machine, place: str) -> None:
    """Make the environment at ``place``, its final one, of wheels only: ours and those of requirements/run.txt."""
    own = bring(machine)
    env = variables()
    uv, python = f"{BUILD}/uv", f"{place}/bin/python"
    install = (uv, "pip", "install", "-q", "--python", python, "--only-binary", ":all:")
    machine.run(uv, "venv", "-q", "--python", "/usr/bin/python3", "--no-python-downloads", place, env=env)
    requirements = ("--require-hashes", "-r", f"{BUILD}/{_REQUIREMENTS.name}")
    machine.run(*install, *requirements, network=True, env=env)
    # By name, not by path: so nothing of this tree is written down in it. Not cached: its version says too little.
    ours = ("--no-cache", "--no-deps", "--no-index", "--find-links", BUILD, f"headgate=={__version__}")
    machine.run(*install, *ours, env=env)
    own.unlink()
