"""Headgate from its wheel as docs/howto/install.md has it: by pipx, or as a tool of uv's."""

from __future__ import annotations

from headgate.testing.chroot.machine import Machine
from scripts.package import environment
from scripts.package.environment import BUILD

PROGRAM = "/usr/local/bin/headgate"
_CONSTRAINTS = f"sed 's/ *\\\\$//; /^ *--hash/d' {BUILD}/run.txt >{BUILD}/constraints.txt"
"""pip wants hashes of everything or of nothing, and knows none of a wheel that was built here."""


def install(machine: Machine, tool: str) -> str:
    """Install our wheel in the machine by ``pipx`` or by ``uv``, for all accounts; return where the program is."""
    name = environment.bring(machine).name
    env = environment.variables()
    if tool == "pipx":
        machine.install("pipx")
        machine.run("/bin/sh", "-c", _CONSTRAINTS)
        env |= {"PIPX_HOME": "/opt/pipx", "PIPX_BIN_DIR": "/usr/local/bin"}
        words = ["/usr/bin/pipx", "install", f"--pip-args=--constraint {BUILD}/constraints.txt", f"{BUILD}/{name}"]
    else:
        env |= {"UV_TOOL_DIR": "/opt/uv", "UV_TOOL_BIN_DIR": "/usr/local/bin"}
        tested = ("--python", "/usr/bin/python3", "--constraints", f"{BUILD}/run.txt")
        words = [f"{BUILD}/uv", "tool", "install", *tested, f"{BUILD}/{name}"]
    machine.run(*words, network=True, env=env)
    return PROGRAM
