"""``headgate setup``."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from headgate.cli.options import config_path
from headgate.cli.output import plain

if TYPE_CHECKING:
    from headgate.service.setup.answers import Answers
    from headgate.service.setup.look import Cluster
    from headgate.service.setup.place import Wanted

_path = click.Path(path_type=Path, file_okay=False)


@click.command()
@click.option("--mail-server", help="Mail server that takes mails from this host: HOST or HOST:PORT.")
@click.option("--security", type=click.Choice(["none", "starttls", "tls"]), help="How the way there is protected.")
@click.option("--domain", help="Domain that makes a user's name a mail address; others get no mail.")
@click.option("--from-address", help="Address that mails come from.")
@click.option("--executor/--no-executor", default=None, help="Whether Headgate acts as the owners of jobs.")
@click.option("--slurm-user", help="Account that slurmctld runs as.  [default: what Slurm says]")
@click.option("--slurm-bin", type=_path, help="Directory of Slurm's commands.  [default: /usr/bin]")
@click.option("--test-mail", metavar="ADDRESS", help="Send a sample there, once all is in place.")
@click.option("-y", "--yes", is_flag=True, help="Ask nothing: take the defaults for what is not given.")
def setup(*, yes: bool, test_mail: str | None, **given: Any) -> None:
    """Set Headgate up on this host: ask little, check everything, say what is left to do.

    Run it as root on the host where slurmctld runs. It makes what is missing (the account, directories, units, the
    hand-off of mails and its spool), writes a configuration if there is none, asks Slurm and the mail server whether
    they are there, and prints what slurm.conf needs. It starts nothing and changes no file of Slurm's. Doing it again
    changes nothing that is right. The exit status is 1 if something is wrong.
    """
    from headgate.config.load import DEFAULT_PATH, PATH_VARIABLE
    from headgate.errors import ConfigError

    if os.geteuid() != 0:
        raise ConfigError("this needs root: it makes an account, and directories of the system")
    path = (config_path() or Path(os.environ.get(PATH_VARIABLE) or DEFAULT_PATH)).absolute()
    sys.exit(0 if _set_up(path, given, test_mail, yes=yes) else 1)


def _set_up(path: Path, given: dict[str, Any], test_mail: str | None, *, yes: bool) -> bool:
    """Do it; say whether all is well."""
    from headgate.service.setup import document, look, place

    cluster = asyncio.run(look.cluster(given["slurm_bin"], None))
    answers = None if path.exists() else _answers(given, yes=yes)
    wanted = place.Wanted(
        _spool(path),
        given["slurm_user"] or cluster.user,
        look.commands(given["slurm_bin"]),
        executor=answers.executor if answers else bool(given["executor"]),
    )
    click.echo("In place:")
    for placed in place.system(wanted):
        click.echo(f"  {placed}")
    if answers:
        text = document.configuration(answers, accounts=cluster.accounts, slurm_bin=given["slurm_bin"])
        place.write_configuration(path, text)
    click.echo(f"  {path} ({'made' if answers else 'as it was: the configuration that is there is not touched'})")
    fine = _checked(path, answers, cluster, test_mail)
    missing = wanted.executor and not answers and not _knows_executor(path)
    _show_rest(path, look.slurm_conf(cluster, place.hand_off(wanted.spool)), wanted, missing=missing)
    return fine


def _spool(path: Path) -> Path:
    from headgate.config.settings import SpoolSettings
    from headgate.service.wiring import load_settings

    return load_settings(path).spool.path if path.exists() else SpoolSettings().path


def _knows_executor(path: Path) -> bool:
    from headgate.service.wiring import load_settings

    return load_settings(path).executor.path is not None


def _answers(given: dict[str, Any], *, yes: bool) -> Answers:
    """Ask for what was not given, or take what is usual. Raises ConfigError for an answer that cannot be right."""
    from pydantic import ValidationError

    from headgate.connectors.mailto.settings import MailtoSettings, Security
    from headgate.errors import ConfigError
    from headgate.service.setup.answers import Answers, domain_of, mail_server

    def answer(name: str, question: str, default: str | None) -> str:
        said = given[name]
        if said is None and not yes:
            said = click.prompt(question, default=default)
        if (said or default) is None:
            raise ConfigError(f"this host's name has no domain, so it has to be given: --{name.replace('_', '-')}")
        return str(said or default)

    server = answer("mail_server", "Mail server that takes mails from this host", "localhost")
    domain = answer("domain", "Domain of the users' mail addresses", domain_of(socket.getfqdn()))
    sender = answer("from_address", "Address that mails come from", f"slurm@{domain}")
    executor = given["executor"]
    if executor is None:
        asked = (
            "Shall Headgate show outputs, and submit and cancel jobs, as their owners (the executor, a root helper)?"
        )
        executor = False if yes else click.confirm(asked, default=False)
    answers = Answers(mail_server(server, Security(given["security"] or "none")), sender, domain, executor=executor)
    try:
        MailtoSettings(host=answers.server.host, from_address=sender, domain=domain)
    except ValidationError as error:
        first = error.errors()[0]
        raise ConfigError(f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from None
    return answers


def _checked(path: Path, answers: Answers | None, cluster: Cluster, test_mail: str | None) -> bool:
    """Look at everything, as Headgate's account, and show it; say whether all is well."""
    from headgate.cli.findings import show
    from headgate.errors import ConfigError
    from headgate.model.finding import Finding, Level, well, wrong
    from headgate.service.setup import look, place

    place.as_account("--config", str(path), "store", "migrate")
    done = place.as_account("--config", str(path), "doctor", "--json")
    try:
        told = [
            Finding(one["area"], Level(one["level"]), one["what"], one["advice"]) for one in json.loads(done.stdout)
        ]
    except (ValueError, KeyError, TypeError):
        raise ConfigError(f"the doctor failed as the account {place.ACCOUNT}: {done.stderr.strip()[-500:]}") from None
    # Not started yet, and not yet in slurm.conf: that is what is said at the end.
    later = {"service", "executor", "sources", *(() if cluster.trouble else ("mail",))}
    found = [one for one in told if one.level is Level.WELL or one.area not in later]
    if answers:
        found.append(look.mail_server(answers.server))
    if test_mail:
        sent = place.as_account(
            "--config", str(path), "connector", "test", "mailto", test_mail, "--sample", "succeeded"
        )
        said = (sent.stdout + sent.stderr).strip()
        ok = sent.returncode == 0
        found.append(well("test mail", said) if ok else wrong("test mail", said, "see docs/howto/smtp.md"))
    click.echo("\nChecked:")
    show(found)
    if "jobs" in cluster.private or "users" in cluster.private:
        click.echo(
            "\nslurm.conf hides jobs (PrivateData), so Headgate needs to see them as an operator:\n\n"
            f"  sacctmgr add user {place.ACCOUNT} account=root adminlevel=operator"
        )
    return not any(one.level is Level.WRONG for one in found)


def _show_rest(path: Path, slurm_conf: list[str], wanted: Wanted, *, missing: bool) -> None:
    """Say what is left; ``missing``: whether a configuration that was there does not name the executor."""
    from headgate.service.setup.document import EXECUTOR_SOCKET

    click.echo("\nWhat is left to do:\n")
    if missing:
        click.echo(f'Put into {path}:\n\n  [executor]\n  socket = "{EXECUTOR_SOCKET}"\n  roots = ["~"]\n')
    if slurm_conf:
        click.echo("Put into slurm.conf, on every host of the cluster:\n")
        for line in slurm_conf:
            click.echo(f"  {plain(line)}")
        click.echo("\nThen, as root:\n\n  scontrol reconfigure")
    else:
        click.echo("slurm.conf is as it should be. As root:\n")
    click.echo(f"  systemctl enable --now {'headgate-executor.socket ' if wanted.executor else ''}headgate")
    click.echo("  runuser -u headgate -- headgate doctor")
    click.echo("\nTry it, as a user:\n\n  sbatch --mail-type=END --wrap 'sleep 10'")
    click.echo(f"\nOther ways to reach people than mail: see `headgate config sample`, and {path}.")
