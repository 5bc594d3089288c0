r"""scontrol: which mails jobs ask for, and the cluster's name.

Source: scontrol(1), ``slurm_sprint_job_info`` in ``src/api/job_info.c`` (from 25.11 in ``src/scontrol``), 20.11 to
26.05; ``print_mail_type`` in ``src/common/proc_args.c``. scontrol has no format of its own choice: a record is::

    JobId=5 ArrayJobId=3 ArrayTaskId=1 JobName=…
       UserId=ada(1001) GroupId=…
       …
       MailUser=… MailType=BEGIN,END
    (blank)

and names, comments and paths, which may hold anything, also all of these lines, stand in between. So:

- A new record can only begin at the start of a line with ``JobId=``. Every such place counts, also one that a job
  wrote into its comment: what follows it is one *claim* about that job id.
- A job id about which there is more than one claim is *doubtful*; none of its claims is believed. Nobody but the
  job's own user and Slurm has written into the answer to a question for that one job, so doubtful jobs can be asked
  for one by one.
- Within a record of one job the last ``MailUser=`` line counts, and in it the last ``MailType=``: Slurm writes it
  after all names, comments and paths. What a user can still forge there, ``sbatch`` gives them anyway.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Final

MAX_MAIL_USER: Final = 65536
"""Characters of a receiver list that are kept."""
_CLAIM: Final = re.compile(r"^JobId=(\d{1,10})\b", re.MULTILINE | re.ASCII)
_MAIL_LINE: Final = "\n   MailUser="
_MAIL_TYPE: Final = re.compile(r" MailType=([A-Z][A-Z0-9_,]*)[ \t]*$", re.MULTILINE)
_CLUSTER: Final = re.compile(r"^ClusterName\s*=\s*(\S+)\s*$", re.MULTILINE)
_BOOT_TIME: Final = re.compile(r"^BOOT_TIME\s*=\s*(\d{1,12})\s*$", re.MULTILINE | re.ASCII)
"""With SLURM_TIME_FORMAT=%s."""


class MailType(enum.StrEnum):
    """What a job wants mail about: the words of sbatch's ``--mail-type``, as scontrol writes them."""

    BEGIN = "BEGIN"
    END = "END"
    FAIL = "FAIL"
    REQUEUE = "REQUEUE"
    INVALID_DEPEND = "INVALID_DEPEND"
    STAGE_OUT = "STAGE_OUT"
    TIME_LIMIT = "TIME_LIMIT"
    TIME_LIMIT_90 = "TIME_LIMIT_90"
    TIME_LIMIT_80 = "TIME_LIMIT_80"
    TIME_LIMIT_50 = "TIME_LIMIT_50"
    ARRAY_TASKS = "ARRAY_TASKS"
    """Not an occasion: mails are wanted for each task of the array."""


@dataclass(frozen=True, slots=True)
class MailSettings:
    """Which mails a job asks for, and who shall get them. No types: none."""

    types: frozenset[MailType] = frozenset()
    mail_user: str = ""
    """``--mail-user`` as given, untrusted; Slurm puts the user's name where none was given."""


@dataclass(frozen=True, slots=True)
class MailAnswer:
    """What one scontrol said, and the job ids about which it said more than one thing."""

    settings: dict[int, MailSettings] = field(default_factory=dict)
    doubtful: frozenset[int] = frozenset()


def show_jobs_command() -> list[str]:
    """Return the arguments that show all jobs of this cluster, also those in hidden partitions."""
    return ["scontrol", "--all", "--local", "show", "job"]


def show_job_command(job_id: int) -> list[str]:
    """Return the arguments that show one job (of an array: all records that share its id)."""
    return ["scontrol", "--all", "--local", "show", "job", str(job_id)]


def show_config_command() -> list[str]:
    """Return the arguments that show the configuration."""
    return ["scontrol", "show", "config"]


def parse_mail_settings(text: str, *, known: Collection[int] | None = None) -> MailAnswer:
    """Read the mail settings of all jobs; with ``known`` only of these (a claim about another job is forged or stale).

    A job with more than one claim is in ``doubtful`` and not in ``settings``.
    """
    claims: dict[int, str] = {}
    doubtful: set[int] = set()
    starts = [(match.start(), int(match[1])) for match in _CLAIM.finditer(text)]
    for position, (start, job_id) in enumerate(starts):
        if known is not None and job_id not in known:
            continue
        end = starts[position + 1][0] if position + 1 < len(starts) else len(text)
        if job_id in claims:
            doubtful.add(job_id)
        claims[job_id] = text[start:end]
    settings = {job_id: _settings(record) for job_id, record in claims.items() if job_id not in doubtful}
    return MailAnswer(settings, frozenset(doubtful))


def parse_mail_settings_of_one(text: str) -> MailSettings | None:
    """Read the answer to ``show_job_command``: all of it is about one job or array; None if it holds no record."""
    return _settings(text) if _CLAIM.match(text) else None


def parse_cluster_name(text: str) -> str | None:
    """Read the cluster's name from ``scontrol show config``; None if it is not there."""
    match = _CLUSTER.search(text)
    return None if match is None else match[1]


def parse_boot_time(text: str) -> float | None:
    """Read when slurmctld was started, in seconds since the epoch, from ``scontrol show config``."""
    match = _BOOT_TIME.search(text)
    return None if match is None else float(match[1])


def _settings(record: str) -> MailSettings:
    _, line, rest = record.rpartition(_MAIL_LINE)
    if not line:
        return MailSettings()
    *_, last = [None, *_MAIL_TYPE.finditer(rest)]
    if last is None:
        return MailSettings()
    words = last[1].split(",")
    types = frozenset(MailType(word) for word in words if word in MailType.__members__)
    return MailSettings(types, rest[: last.start()][:MAX_MAIL_USER]) if types else MailSettings()
