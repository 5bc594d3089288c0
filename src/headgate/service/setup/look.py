"""Looking at what Headgate will stand on: Slurm and the mail server."""

from __future__ import annotations

import smtplib
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from headgate.config.slurm import SlurmSettings
from headgate.connectors.mailto.settings import Security
from headgate.errors import HeadgateError
from headgate.model.finding import Finding, well, wrong
from headgate.service.doctor.slurm import parse_config
from headgate.service.gateway import client_of
from headgate.service.setup.answers import MailServer
from headgate.slurm.client import SlurmClient
from headgate.slurm.commands import scontrol

_PATIENCE: Final = 30.0
_COMMANDS: Final = Path("/usr/bin")


@dataclass(frozen=True, slots=True)
class Cluster:
    """What Slurm says of itself. ``trouble``: why it says nothing; then the rest is what is usual."""

    user: str = "slurm"
    accounts: bool = True
    mail_prog: str = ""
    mail_domain: str = ""
    private: tuple[str, ...] = ()
    trouble: str = ""


async def cluster(bin_: Path | None, conf: Path | None) -> Cluster:
    """Ask Slurm by its commands."""
    client = client_of(SlurmSettings(bin=bin_, conf=conf, timeout=_PATIENCE))
    if not isinstance(client, SlurmClient):
        raise TypeError("the commands were asked for")
    try:
        shown = parse_config(await client.run(scontrol.show_config_command())).settings
    except HeadgateError as error:
        return Cluster(trouble=error.message)
    return Cluster(
        user=shown.get("SlurmUser", "slurm").partition("(")[0] or "slurm",
        accounts=shown.get("AccountingStorageType", "").endswith("/slurmdbd"),
        mail_prog=shown.get("MailProg", ""),
        mail_domain=shown.get("MailDomain", "").replace("(null)", "").replace("N/A", ""),
        private=tuple(word for word in shown.get("PrivateData", "").split(",") if word not in ("", "none")),
    )


def mail_server(server: MailServer) -> Finding:
    """Greet the mail server, by TLS if that is asked for; nothing is sent."""
    area, (host, port) = "mail server", server.address
    how = "give another one by --mail-server and --security"
    try:
        if server.security is Security.TLS:
            talk: smtplib.SMTP = smtplib.SMTP_SSL(host, port, timeout=_PATIENCE, context=ssl.create_default_context())
        else:
            talk = smtplib.SMTP(host, port, timeout=_PATIENCE)
        with talk:
            talk.ehlo()
            if server.security is Security.STARTTLS:
                talk.starttls(context=ssl.create_default_context())
                talk.ehlo()
    except (OSError, smtplib.SMTPException) as error:
        return wrong(area, f"{host}:{port} does not take mails: {error}", how)
    return well(area, f"{host}:{port} answers")


def slurm_conf(found: Cluster, program: Path) -> list[str]:
    """Return the lines that slurm.conf still needs, each with a comment where one is due."""
    lines = [] if found.mail_prog == str(program) else [f"MailProg={program}"]
    if found.mail_domain:
        lines.append(f"# and without MailDomain={found.mail_domain}: Headgate completes names itself")
    return lines


def commands(bin_: Path | None) -> Path:
    """Return the directory of Slurm's commands."""
    return bin_ or _COMMANDS
