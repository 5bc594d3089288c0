"""Using a cluster that is up: its commands, as root and as the people who use it."""

from __future__ import annotations

import os
import pwd
import subprocess
import time
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from headgate.testing.cluster import process
from headgate.testing.cluster.errors import ClusterError, CommandError
from headgate.testing.cluster.installation import PATH
from headgate.testing.cluster.layout import Layout

POLL_SECONDS = 0.1
"""Between two looks at a job that is waited for."""


class Access:
    """The way into one cluster, for those who run commands in it."""

    def __init__(self, layout: Layout) -> None:
        """Make the access to the cluster that lies there."""
        self.layout = layout

    @property
    def name(self) -> str:
        """The cluster's name, in Slurm too."""
        return self.layout.name

    @property
    def directory(self) -> Path:
        """Everything of the cluster is here."""
        return self.layout.directory

    @property
    def slurm_conf(self) -> Path:
        """What SLURM_CONF names."""
        return self.layout.slurm_conf

    @property
    def bin(self) -> Path:
        """The directory of Slurm's commands for this cluster; they need no SLURM_CONF and no privilege."""
        return self.layout.bin

    @property
    def shared(self) -> Path:
        """A directory for tests' own files that has the same path for the daemons and on the host."""
        return self.layout.shared

    def env(self) -> dict[str, str]:
        """Return the environment variables that put this cluster's commands into a shell or a child process."""
        others = os.environ.get("PATH", PATH).split(":")
        path = [str(self.bin), *(entry for entry in others if entry != str(self.bin))]
        return {"PATH": ":".join(path), "SLURM_CONF": str(self.slurm_conf)}

    def command(self, program: str, *arguments: str, timeout: float = 60.0) -> str:
        """Run one of Slurm's commands as root and return what it printed; raise CommandError when it fails."""
        if not self.bin.is_dir():
            raise ClusterError(f"there is no cluster {self.name}: bring it up first")
        env = {"PATH": f"{self.bin}:{PATH}", "LANG": "C.UTF-8"}
        return process.run([str(self.bin / program), *arguments], env=env, timeout=timeout)

    def run_as(
        self,
        user: str,
        argv: Sequence[str],
        *,
        text: str = "",
        env: Mapping[str, str] | None = None,
        timeout: float = 60.0,
    ) -> subprocess.CompletedProcess[str]:
        """Run a command as an account of this machine, in its home directory, with the cluster's commands in PATH.

        ``text`` goes to its standard input; ``env`` is added to the few variables of a login. The result carries the
        exit status, which is not judged here; raises CommandError when it does not end within ``timeout`` seconds.
        """
        account = pwd.getpwnam(user)
        home = account.pw_dir if Path(account.pw_dir).is_dir() else "/"
        login = {"PATH": f"{self.bin}:{PATH}", "HOME": home, "USER": user, "LOGNAME": user, "SHELL": account.pw_shell}
        try:
            return subprocess.run(
                [*self._become(account), *argv],
                env={**login, "LANG": "C.UTF-8", "SLURM_CONF": str(self.slurm_conf), **(env or {})},
                cwd=home,
                input=text,
                capture_output=True,
                text=True,
                timeout=timeout,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise CommandError(argv, None, f"waited {timeout:g} s") from error

    def submit(self, user: str, script: str, *options: str) -> int:
        """Submit a batch script as this user; return the job's number. ``options``: more arguments for sbatch."""
        argv = [str(self.bin / "sbatch"), "--parsable", *options]
        done = self.run_as(user, argv, text=script)
        if done.returncode:
            raise CommandError(argv, done.returncode, done.stderr)
        return int(done.stdout.split(";")[0])

    def job_state(self, job: int) -> str:
        """Return a job's state as slurmctld spells it, such as "RUNNING"; "" when slurmctld does not know it any more.

        Of an array or het job: the state of the first that slurmctld names.
        """
        try:
            shown = self.command("scontrol", "--oneliner", "show", "job", str(job))
        except CommandError:
            return ""
        fields = (field.partition("=") for field in shown.split())
        return next((value for key, _, value in fields if key == "JobState"), "")

    def wait_for_job(self, job: int, states: Collection[str] = ("COMPLETED",), *, timeout: float = 60.0) -> str:
        """Wait until a job is in one of these states, and return which; raise ClusterError after so many seconds."""
        deadline = time.monotonic() + timeout
        while (state := self.job_state(job)) not in states:
            if time.monotonic() > deadline:
                raise ClusterError(f"job {job} is {state or 'unknown'} and not {' or '.join(states)}")
            time.sleep(POLL_SECONDS)
        return state

    def expire(self, job: int) -> None:
        """Let a running job run out of time now, as if its limit were over: it becomes TIMEOUT within half a minute.

        slurmctld looks at limits every 30 s (26.05: every few seconds), and no limit can be under a minute; so this
        saves the minute.
        """
        self.command("scontrol", "update", f"JobId={job}", "EndTime=now")

    def token(self, user: str, lifespan: int = 3600) -> str:
        """Return a JSON web token for slurmrestd, good for this user and so many seconds."""
        return self.command("scontrol", "token", f"username={user}", f"lifespan={lifespan}").partition("=")[2].strip()

    @staticmethod
    def _become(account: pwd.struct_passwd) -> list[str]:
        if os.geteuid() == account.pw_uid:
            return []
        return [
            "/usr/bin/setpriv",
            f"--reuid={account.pw_uid}",
            f"--regid={account.pw_gid}",
            "--init-groups",
            "--",
        ]
