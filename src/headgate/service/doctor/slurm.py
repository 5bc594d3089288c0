"""Slurm: whether clusters answer and keep accounts, whether mails come here, and whether clocks agree."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from headgate.config.settings import Settings
from headgate.config.slurm import SlurmSettings
from headgate.errors import HeadgateError, SpoolError
from headgate.events.sources.mail.install import program_text
from headgate.model.finding import Finding, note, well, wrong
from headgate.service.gateway import client_of
from headgate.slurm.client import SlurmClient
from headgate.slurm.commands import scontrol

_SETTING: Final = re.compile(r"^(\w+)\s*= (.*?)\s*$", re.MULTILINE)
_AS_OF: Final = re.compile(r"^Configuration data as of (\d+)$", re.MULTILINE)
_CLOCKS: Final = 30.0
"""Seconds by which the clocks of slurmctld's host and this one may differ."""
_OLDEST, _NEWEST = (20, 11), (26, 5)
"""The releases of Slurm that Headgate is tested with."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What ``scontrol show config`` said. ``as_of``: slurmctld's clock, in seconds since the epoch."""

    settings: Mapping[str, str]
    as_of: float | None


def parse_config(text: str) -> Shown:
    """Read ``scontrol show config``, asked with SLURM_TIME_FORMAT=%s."""
    moment = _AS_OF.search(text)
    return Shown(dict(_SETTING.findall(text)), float(moment[1]) if moment else None)


async def examine(settings: Settings) -> list[Finding]:
    """Look at every cluster."""
    found: list[Finding] = []
    for name, one in {"": settings.slurm, **settings.clusters}.items():
        waits = settings.accounting.wait > 0
        found += await _cluster(f"slurm {name}".strip(), one, settings if not name else None, waits=waits)
    return found


async def _cluster(area: str, slurm: SlurmSettings, main: Settings | None, *, waits: bool) -> list[Finding]:
    client = client_of(slurm)
    try:
        name = await client.cluster_name()
    except HeadgateError as error:
        return [wrong(area, error.message, _advice(slurm))]
    if not isinstance(client, SlurmClient):
        return [well(area, f"cluster {name} answers, by slurmrestd")]
    try:
        asked = time.time()
        shown = parse_config(await client.run(scontrol.show_config_command()))
        controllers = await client.controllers()
    except HeadgateError as error:
        return [wrong(area, error.message, _advice(slurm))]
    return [
        well(area, f"cluster {name} answers, Slurm {shown.settings.get('SLURM_VERSION', 'of unknown version')}"),
        *release(area, shown),
        *(
            wrong(area, f"slurmctld on {host} does not answer", f"start it: systemctl start slurmctld on {host}")
            for host, answers in controllers.items()
            if not answers
        ),
        *accounting(area, shown, waits=waits),
        *clock(area, shown, asked, time.time()),
        *(mails(shown, main) if main is not None and "mail" in main.service.parts else ()),
    ]


def _advice(slurm: SlurmSettings) -> str:
    if slurm.driver == "rest":
        return "see that slurmrestd runs, and that [slurm.rest] names its address and a token it takes"
    where = slurm.bin or Path("/usr/bin")
    return f"try `{where}/scontrol ping` as Headgate's account; [slurm] names the directory (bin) and slurm.conf (conf)"


def release(area: str, shown: Shown) -> Iterator[Finding]:
    """Say if nobody tested this release of Slurm with Headgate."""
    numbers = re.match(r"(\d+)\.(\d+)", shown.settings.get("SLURM_VERSION", ""))
    if numbers and not _OLDEST <= (int(numbers[1]), int(numbers[2])) <= _NEWEST:
        yield note(
            area,
            f"Slurm {numbers[0]} is not among the releases that Headgate is tested with",
            "tested are 20.11 to 26.05; look at `headgate source list` and the log for answers that could not be read",
        )


def accounting(area: str, shown: Shown, *, waits: bool = True) -> Iterator[Finding]:
    """Say if the cluster keeps no accounts; ``waits``: whether messages wait for them, so expects some."""
    if not shown.settings.get("AccountingStorageType", "").endswith("/slurmdbd"):
        yield (wrong if waits else note)(
            area,
            "this cluster keeps no accounts (AccountingStorageType is not accounting_storage/slurmdbd)",
            "messages will lack figures, and what happens while Headgate is down is not found: set up slurmdbd",
        )


def clock(area: str, shown: Shown, asked: float, answered: float) -> Iterator[Finding]:
    """Say if the clocks differ; ``asked`` and ``answered``: our own, around the question."""
    if shown.as_of is None:
        return
    apart = max(asked - 1 - shown.as_of, shown.as_of - answered, 0.0)
    if apart > _CLOCKS:
        yield wrong(
            area,
            f"the clocks of slurmctld's host and of this one are {apart:.0f} seconds apart",
            "have both set by the same time servers (chrony, systemd-timesyncd): times in messages are wrong till then",
        )


def mails(shown: Shown, settings: Settings) -> Iterator[Finding]:
    """Say whether Slurm hands its mails over to this Headgate."""
    area, program = "mail", Path(shown.settings.get("MailProg", ""))
    how = "run `headgate mailprog install` on slurmctld's host, and put the line it prints into slurm.conf"
    if "headgate" not in program.name:
        yield wrong(area, f"Slurm's MailProg is {program}: mails go past Headgate", how)
        return
    try:
        placed = program.read_text(encoding="utf-8")
    except OSError:
        yield note(area, f"MailProg {program} cannot be read here", "if slurmctld runs elsewhere, run the doctor there")
        return
    interpreter = Path(placed.partition("\n")[0].removeprefix("#!").partition(" ")[0])
    try:
        wanted = program_text(settings.spool.path.absolute(), interpreter)
    except SpoolError as error:
        yield wrong(area, error.message, "install Headgate anew")
        return
    if placed == wanted:
        yield well(area, f"Slurm hands its mails over, by {program}")
    elif f"\nSPOOL = {str(settings.spool.path.absolute())!a}\n" not in placed:
        yield wrong(area, f"{program} writes to another spool than {settings.spool.path}", how)
    else:
        yield note(area, f"{program} is of another release of Headgate", how)
