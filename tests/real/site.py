"""A whole site for tests: a real Slurm cluster, the hand-off as its MailProg, a running Headgate, a mail server."""

from __future__ import annotations

import asyncio
import functools
import json
import os
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self, TypeVar

from sqlalchemy import Connection

from headgate.cli.event.fields import as_json
from headgate.store import cursors, journal
from headgate.store.journal import EventFilter, Recorded
from headgate.store.store import Store
from headgate.testing.cluster import Cluster
from headgate.testing.smtp.sink import ReceivedMail, SmtpSink
from tests.service.running import RunningHeadgate

Tables = dict[str, dict[str, Any]]
T = TypeVar("T")

PATIENCE = 90.0
"""Seconds after which what a test waits for counts as not coming."""
AUDITED = "mail.audit.event"
"""The cursor that says up to which event lost mails have been looked for."""
QUIET = ("--output=/dev/null", "--chdir=/tmp")
SLEEP = "#!/bin/sh\nexec sleep 600\n"


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail as its reader sees it."""

    to: tuple[str, ...]
    outcome: str
    label: str
    """The job's id as the header spells it: ``12``, ``12_3``, ``12_*``, ``12+0``; empty for a digest."""
    subject: str
    plain: str
    html: str

    def fact(self, name: str) -> str:
        """Return what the plain part says about one thing; empty if it says nothing."""
        lines = (line for line in self.plain.splitlines() if line.startswith(f"{name}  "))
        return next((line[len(name) :].strip() for line in lines), "")

    def is_about(self, job: int) -> bool:
        """Whether it is about a job, or about an array or a het job of this id, or a part of it."""
        return self.label.replace("+", "_").partition("_")[0] == str(job)


def read_mail(received: ReceivedMail) -> Mail:
    """Read a mail the way a mail program does."""
    message = received.message
    parts = {part.get_content_subtype(): str(part.get_content()) for part in message.iter_parts()}
    about = str(message["X-Headgate-Job"] or "").split("/")
    return Mail(
        to=received.recipients,
        outcome=str(message["X-Headgate-Outcome"]),
        label=about[1] if len(about) > 1 else "",
        subject=str(message["Subject"]),
        plain=parts["plain"],
        html=parts["html"],
    )


class Commands:
    """Slurm's commands for Headgate, of which a test can make each misbehave."""

    _SCRIPT = """\
#!/bin/sh
echo "$@" >> '{calls}'
mode=$(cat '{mode}' 2>/dev/null)
case $mode in
  hang) exec sleep 3000 ;;
  warn) echo '{name}: error: the weather is bad, but here is the answer' >&2 ;;
  fail) echo '{name}: error: Unable to connect to the moon' >&2; exit 1 ;;
esac
exec '{real}' "$@"
"""

    def __init__(self, directory: Path, cluster: Cluster) -> None:
        self.directory = directory
        directory.mkdir()
        for name in ("squeue", "sacct", "sacctmgr", "scontrol", "sdiag"):
            script = directory / name
            script.write_text(
                self._SCRIPT.format(
                    name=name, calls=self._calls(name), mode=directory / f"{name}.mode", real=cluster.bin / name
                )
            )
            script.chmod(0o755)

    def make(self, name: str, mode: str = "") -> None:
        """Make a command ``hang``, ``warn``, ``fail``, or work again."""
        (self.directory / f"{name}.mode").write_text(mode)

    def calls(self, name: str) -> list[str]:
        """Return the arguments of every call so far."""
        path = self._calls(name)
        return path.read_text().splitlines() if path.exists() else []

    def _calls(self, name: str) -> Path:
        return self.directory / f"{name}.calls"


class Post:
    """A MailProg that passes everything on to the hand-off, until a test makes it ``hold`` mails or ``lose`` them."""

    _SCRIPT = """\
#!/bin/sh
while :; do
  read -r mode < '{mode}'
  case $mode in
    hold) /bin/sleep 0.1 ;;
    lose) echo lost >> '{lost}'; exit 1 ;;
    *) exec '{real}' "$@" ;;
  esac
done
"""

    def __init__(self, program: Path, real: Path) -> None:
        self.program = program
        self._mode, self._lost = (program.with_name(f"{program.name}.{what}") for what in ("mode", "lost"))
        self._lost.touch()
        self._lost.chmod(0o666)
        self.do("pass")
        program.write_text(self._SCRIPT.format(mode=self._mode, lost=self._lost, real=real))
        program.chmod(0o755)

    def do(self, mode: str) -> None:
        """``hold`` mails, ``lose`` them, or ``pass`` them on, those that are held too."""
        new = self._mode.with_suffix(".new")
        new.write_text(f"{mode}\n")
        new.replace(self._mode)

    @property
    def lost(self) -> int:
        """How many mails were lost."""
        return len(self._lost.read_text().splitlines())


class Site:
    """Everything together; use it as an async context manager."""

    def __init__(self, cluster: Cluster, directory: Path, *, wait: float = 20.0, grace: float = 6.0) -> None:
        """``wait``: seconds for which messages wait for figures. ``grace``: after which a mail counts as lost."""
        self.cluster = cluster
        self.directory = directory
        self._wait, self._grace = wait, grace
        self.sink = SmtpSink()
        self.spool = cluster.shared / f"spool-{directory.name}"
        self.mailprog = cluster.shared / f"headgate-mailprog-{directory.name}"
        self.post = Post(cluster.shared / f"post-{directory.name}", self.mailprog)
        self.commands = Commands(directory / "bin", cluster)
        self.url = f"sqlite:///{directory}/headgate.db"
        self.tables: Tables = {}
        self.headgate: RunningHeadgate

    async def __aenter__(self) -> Self:
        """Start the mail server, join hand-off and cluster, start Headgate."""
        await self.sink.__aenter__()
        try:
            self.tables = self._configuration()
            self.headgate = RunningHeadgate(self.directory, self.tables)
            await self.join()
            await self.headgate.start()
        except BaseException:
            await self.sink.stop()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        """End Headgate and the mail server, and leave the cluster without MailProg."""
        await self.headgate.stop()
        await self.sink.stop()
        await asyncio.to_thread(self.cluster.configure, Path("/bin/true"))

    def _configuration(self) -> Tables:
        return {
            "store": {"url": self.url},
            "spool": {"path": str(self.spool), "poll": 0.2},
            "slurm": {
                "bin": str(self.commands.directory),
                "conf": str(self.cluster.slurm_conf),
                "timeout": 3.0,
                "accounting_timeout": 3.0,
            },
            "watcher": {"interval": 1.0, "min_interval": 0.5, "mail_grace": self._grace},
            "accounting": {"wait": self._wait, "first_after": 0.5},
            "notify": {"backoff_first": 0.2, "backoff_max": 2.0},
            "connectors.mailto": {
                "host": "127.0.0.1",
                "port": self.sink.port,
                "from_address": "slurm@example.org",
                "domain": "example.org",
                "recipient_burst": 10_000,
            },
            "service": {"listen": "127.0.0.1:0", "stop_deadline": 8.0},
        }

    async def join(self) -> None:
        """Install the hand-off the way an administrator does, and make it the MailProg, behind what can stop it."""
        where = (f"--spool={self.spool}", f"--target={self.mailprog}")
        installed = await self.ask("mailprog", "install", *where, "--group=root", "--json")
        assert installed["slurm_conf"] == f"MailProg={self.mailprog}"
        await asyncio.to_thread(self.cluster.configure, self.post.program)

    async def submit(self, user: str, script: str, *options: str, mail: str = "ALL") -> int:
        """Submit a batch script that wants these mails; return the job's id."""
        words = (*QUIET, f"--mail-type={mail}", *options)
        return await asyncio.to_thread(self.cluster.submit, user, script, *words)

    async def as_user(self, user: str, *argv: str) -> None:
        """Run one of Slurm's commands as a user, who succeeds."""
        done = await asyncio.to_thread(self.cluster.run_as, user, argv)
        assert done.returncode == 0, done.stderr

    async def in_state(self, job: int, *states: str) -> str:
        """Wait until a job is in one of these states."""
        return await asyncio.to_thread(self.cluster.wait_for_job, job, states)

    async def slurm(self, program: str, *arguments: str) -> str:
        """Run one of Slurm's commands as root, which succeeds."""
        return await asyncio.to_thread(self.cluster.command, program, *arguments)

    def mails(self, *jobs: int) -> list[Mail]:
        """Return the mails about these jobs so far."""
        return [mail for mail in map(read_mail, self.sink.mails) if any(mail.is_about(job) for job in jobs)]

    async def told(self, job: int, *outcomes: str) -> list[Mail]:
        """Wait until the mails about a job have exactly these outcomes, in this order, and return them."""
        await until(lambda: len(self.mails(job)) >= len(outcomes), lambda: self.state(job, outcomes))
        found = self.mails(job)
        assert tuple(mail.outcome for mail in found) == outcomes, self.state(job, outcomes)
        return found

    def state(self, job: int, outcomes: Iterable[str]) -> str:
        """Say what is known when a job's mails are not those expected."""
        found = [(mail.outcome, mail.subject) for mail in self.mails(job)]
        log = [json.dumps(line) for line in self.headgate.lines() if line.get("level") != "info"]
        return f"job {job}: wanted {list(outcomes)}, there are {found}\n" + "\n".join(log[-15:])

    async def run(self, *words: str) -> tuple[int, str, str]:
        """Run ``headgate`` as a command; return exit status, output and complaints."""
        process = await asyncio.create_subprocess_exec(
            *self.argv(*words),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=command_environment(),
        )
        async with asyncio.timeout(PATIENCE):
            out, err = await process.communicate()
        return process.returncode or 0, out.decode(), err.decode()

    def argv(self, *words: str) -> list[str]:
        """Return the argument list of a ``headgate`` command with this site's configuration."""
        return [sys.executable, "-m", "headgate.cli.main", "-c", str(self.headgate.config), *words]

    async def ask(self, *words: str) -> Any:
        """Run a ``headgate`` command that answers in JSON, and return the answer."""
        status, out, err = await self.run(*words)
        assert status == 0, err
        return json.loads(out)

    async def events(self, *jobs: int, kind: str | None = None) -> list[dict[str, Any]]:
        """Return the journal's events about jobs, oldest first, as ``headgate event list --json`` writes them.

        Read without a process for each look, since tests look until something is there.
        """
        found: list[Recorded] = []
        for job in jobs:
            wanted = EventFilter(kind=kind, job_id=job)
            found += await self.read(functools.partial(journal.find, wanted=wanted, limit=1000))
        return [as_json(event) for event in sorted(found, key=lambda event: event.id)]

    async def event(self, job: int, kind: str, fits: Callable[[Mapping[str, Any]], bool] = bool) -> dict[str, Any]:
        """Wait until the journal has an event about a job that fits, and return it."""
        try:
            async with asyncio.timeout(PATIENCE):
                while not (found := [event for event in await self.events(job, kind=kind) if fits(event)]):
                    await asyncio.sleep(0.2)
        except TimeoutError:
            raise AssertionError(f"no such {kind}: {json.dumps(await self.events(job), indent=1)}") from None
        return found[-1]

    async def deliveries(self, job: int) -> list[dict[str, Any]]:
        """Return the deliveries about a job, oldest first."""
        return list(await self.ask("delivery", "list", "--json", "--limit=1000", f"--job={job}"))

    async def audited(self, job: int) -> None:
        """Wait until Headgate has looked for lost mails past all that is known about a job by now."""
        looked_at = ("job.started", "job.ended", "job.requeued")
        last = max(event["id"] for event in await self.events(job) if event["kind"] in looked_at)
        try:
            async with asyncio.timeout(PATIENCE):
                while (await self.read(lambda c: cursors.read(c, AUDITED)) or 0) < last:
                    await asyncio.sleep(0.2)
        except TimeoutError:
            raise AssertionError(f"event {last} is not looked at: {await self.events(job)}") from None

    async def read(self, question: Callable[[Connection], T]) -> T:
        """Ask the store something."""
        store = Store(self.url)
        try:
            return await store.read(question)
        finally:
            await asyncio.to_thread(store.close)

    async def logged(self, event: str, count: int = 1, *, after: int = 0) -> list[dict[str, Any]]:
        """Wait until an event stands in the log so often, after a number of lines, and return its lines."""

        def found() -> list[dict[str, Any]]:
            return [line for line in self.headgate.lines()[after:] if line.get("event") == event]

        await until(lambda: len(found()) >= count, lambda: f"{event} is not in the log")
        return found()

    async def handed_over(self) -> None:
        """Have Slurm hand over a first mail: without one, Headgate takes it that another program tells users."""
        job = await self.submit("ben", "#!/bin/sh\n", "--job-name=first", mail="END")
        await self.told(job, "succeeded")


def command_environment() -> dict[str, str]:
    """Return the environment in which commands run: nothing in it configures Headgate."""
    return {name: value for name, value in os.environ.items() if not name.startswith("HEADGATE")}


async def until(holds: Callable[[], object], otherwise: Callable[[], str]) -> None:
    """Wait until something holds; fail with a text when it has not for too long."""
    try:
        async with asyncio.timeout(PATIENCE):
            while not holds():
                await asyncio.sleep(0.1)
    except TimeoutError:
        raise AssertionError(otherwise()) from None


__all__ = ["AUDITED", "QUIET", "SLEEP", "Commands", "Mail", "Post", "Site", "Tables", "read_mail", "until"]
