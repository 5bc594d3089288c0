"""The first configuration, and the executor's, as texts. Pure."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

from headgate.connectors.mailto.settings import Security
from headgate.service.setup.answers import Answers

EXECUTOR_SOCKET: Final = Path("/run/headgate-executor.sock")
_HEAD: Final = """\
# Headgate's configuration, begun by `headgate setup`. All settings: `headgate config sample`.
# After a change: `headgate config check`, then `systemctl reload headgate`.

[store]
url = "sqlite:////var/lib/headgate/headgate.db"

[spool]
path = "/var/spool/headgate/mail"
"""
_NO_ACCOUNTS: Final = """
# This cluster keeps no accounts (slurmdbd), so messages do not wait for figures. Remove this when it does.
[accounting]
wait = 0
"""
_EXECUTOR_INI: Final = """\
# The executor's configuration, begun by `headgate setup`: it acts for users, so only root may write here.
[executor]
service = headgate
roots = ~

[slurm]
bin = {bin}
"""


def configuration(answers: Answers, *, accounts: bool, slurm_bin: Path | None = None) -> str:
    """Return headgate.toml.

    ``accounts``: whether the cluster keeps some, so that there are figures to wait for. ``slurm_bin``: where Slurm's
    commands are, if not in /usr/bin.
    """
    server = answers.server
    mail = [
        "\n[connectors.mailto]",
        f"host = {_quoted(server.host)}",
        *([f"port = {server.port}"] if server.port else []),
        *([f"security = {_quoted(server.security)}"] if server.security is not Security.NONE else []),
        f"from_address = {_quoted(answers.from_address)}",
        f"domain = {_quoted(answers.domain)}  # ada becomes ada@{answers.domain}",
        f"allow = [{_quoted('*@' + answers.domain)}]  # nobody else gets mail from here",
    ]
    parts = [_HEAD, "\n".join(mail) + "\n"]
    if slurm_bin is not None:
        parts.append(f"\n[slurm]\nbin = {_quoted(str(slurm_bin))}\n")
    if not accounts:
        parts.append(_NO_ACCOUNTS)
    if answers.executor:
        parts.append(f'\n[executor]\nsocket = "{EXECUTOR_SOCKET}"\nroots = ["~"]\n')
    return "".join(parts)


def executor_configuration(slurm_commands: Path) -> str:
    """Return executor.ini."""
    return _EXECUTOR_INI.format(bin=slurm_commands)


def _quoted(text: str) -> str:
    """Return a TOML string: JSON's escapes are among TOML's."""
    return json.dumps(text)
