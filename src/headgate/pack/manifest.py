"""What a pack says of itself, and what an administrator sets for it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from headgate import __version__
from headgate.pack.actions import PACK
from headgate.pack.documents import document

_PYTHON_VERSION: Final = re.compile(r"(\d+\.\d+\.\d+)(?:\.?([a-z]+\d*))?")
_CONFIGURATION: Final[dict[str, dict[str, Any]]] = {
    "url": {
        "description": "Where Headgate's API is, such as https://headgate.example.org.",
        "type": "string",
        "required": True,
    },
    "token": {
        "description": "The token of a Headgate app with a role: operator to act, viewer for the sensor alone.",
        "type": "string",
        "secret": True,
        "required": True,
    },
    "ca_file": {
        "description": "A file of the certificates to believe, in place of the system's.",
        "type": "string",
        "required": False,
    },
    "trigger_sensor_ip": {
        "description": "Where Headgate listens for triggers of Slurm's; only the four rules ask for it.",
        "type": "string",
        "default": "127.0.0.1",
        "required": False,
    },
}
_EXAMPLE: Final = """\
---
# Copy this to /opt/stackstorm/configs/slurm.yaml, then run: st2ctl reload --register-configs
url: "https://headgate.example.org"
# st2 key set headgate_token TOKEN --encrypt
token: "{{st2kv.system.headgate_token}}"
# Only for the rules that set Slurm's triggers, which Headgate does not need:
# trigger_sensor_ip: "192.0.2.10"
"""
_REQUIREMENTS: Final = """\
# Nothing: this pack needs only Python's standard library, and Headgate.
"""


def files() -> Iterator[tuple[str, str]]:
    """Return the files at the top of the pack."""
    pack = {
        "ref": PACK,
        "name": PACK,
        "description": "Slurm by Headgate: actions on nodes, jobs, reservations and triggers, and a sensor for nodes.",
        "keywords": ["slurm", "hpc", "headgate"],
        "version": semver(__version__),
        "python_versions": ["3"],
        "stackstorm_version": ">=3.8.0",
        "author": "Headgate",
        "dependencies": [],
    }
    yield "pack.yaml", document(pack)
    yield "config.schema.yaml", document(_CONFIGURATION)
    yield f"{PACK}.yaml.example", _EXAMPLE
    yield "requirements.txt", _REQUIREMENTS


def semver(version: str) -> str:
    """Return one of Python's versions as a semantic one: ``0.1.0.dev0`` is ``0.1.0-dev0``."""
    match = _PYTHON_VERSION.match(version)
    if match is None:
        raise ValueError(f"{version} is no version")
    return f"{match[1]}-{match[2]}" if match[2] else match[1]
