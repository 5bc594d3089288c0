"""Completion of the command line in shells, from click's own description of it."""

from __future__ import annotations

from click.shell_completion import BashComplete, FishComplete, ShellComplete, ZshComplete

from headgate.cli.main import headgate

NAME = "headgate"
_VARIABLE = "_HEADGATE_COMPLETE"
_SHELLS: dict[str, type[ShellComplete]] = {
    f"usr/share/bash-completion/completions/{NAME}": BashComplete,
    f"usr/share/zsh/vendor-completions/_{NAME}": ZshComplete,
    f"usr/share/fish/vendor_completions.d/{NAME}.fish": FishComplete,
}


def scripts() -> dict[str, str]:
    """Return the script of each shell, by the path at which that shell looks for it."""
    # `source_template` and not `source`: that one starts this machine's bash to ask for its version.
    return {path: _script(shell(headgate, {}, NAME, _VARIABLE)) for path, shell in _SHELLS.items()}


def _script(shell: ShellComplete) -> str:
    return (shell.source_template % shell.source_vars()).strip() + "\n"
