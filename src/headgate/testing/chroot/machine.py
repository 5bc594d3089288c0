"""A machine of its own: a copy of a tree, with processes, a name and a loopback network that nobody else sees."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from headgate.testing.chroot.debian import ENVIRONMENT, proxies
from headgate.testing.cluster.errors import ClusterError, CommandError

_START = Path(__file__).with_name("machine.sh")
_NEW = ("--mount", "--net", "--uts", "--ipc", "--pid", "--fork", "--kill-child", "--propagation=private")
_PATIENCE = 600.0


class Machine:
    """A Debian in a directory; use it as a context manager, as root. Ports in it are its own, so all are free.

    Nothing of it outlives this process: its process 1 is killed with us, and the kernel then ends all others in it.
    """

    def __init__(self, tree: Path, directory: Path, name: str = "head", *, shared: Path | None = None) -> None:
        """Describe it: a copy of ``tree`` will be in ``directory``, which must not be there yet.

        ``shared``: a directory of the host's that the machine sees as /shared, and may write to.
        """
        self.root = directory
        self._tree = tree
        self._name = name
        self._shared = shared
        self._first: subprocess.Popen[bytes] | None = None
        self.pid = 0
        self._started: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Self:
        """Copy the tree and start the machine."""
        subprocess.run(["/bin/cp", "-a", "--reflink=auto", str(self._tree), str(self.root)], check=True)
        self._prepare()
        argv = ["/usr/bin/setpriv", "--pdeathsig=KILL", "/usr/bin/unshare", *_NEW, "--", *self._start_words()]
        self._first = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        if self._first.stdout is None or self._first.stdout.readline() != b"ready\n":
            said = self._first.communicate()[1].decode(errors="replace")
            raise ClusterError(f"this host lets us make no machine: {said.strip()}")
        children = Path(f"/proc/{self._first.pid}/task/{self._first.pid}/children").read_text().split()
        self.pid = int(children[0])
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End everything in it, and remove the copy."""
        if self._first is not None:
            self._first.kill()
            self._first.communicate()
            self._first = None
        for process in self._started:
            process.wait()
        shutil.rmtree(self.root)

    def _prepare(self) -> None:
        """Make the copy ready to be started."""
        hosts = f"127.0.0.1 {self._name}.cluster.example {self._name} localhost\n"
        (self.root / "etc/hosts").write_text(hosts)
        (self.root / "etc/hostname").write_text(f"{self._name}\n")

    def _start_words(self) -> tuple[str, ...]:
        """Return what becomes its process 1, and says ``ready`` once it is inside the tree."""
        return ("/bin/sh", str(_START), str(self.root), self._name, str(self._shared or ""))

    def path(self, inside: str | Path) -> Path:
        """Return where the host sees a path of the machine's."""
        return self.root / str(inside).removeprefix("/")

    def argv(self, *words: str, user: str = "", network: bool = False) -> list[str]:
        """Return the argv that runs a command in it. ``network``: with the host's network, to fetch packages."""
        spaces = ("--mount", "--uts", "--ipc", "--pid", *(() if network else ("--net",)))
        enter = ("/usr/bin/nsenter", f"--target={self.pid}", *spaces, "--root", "--wd", "--")
        account = ("/usr/bin/setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups") if user else ()
        return [*enter, *account, *words]

    def outside(self, *words: str) -> list[str]:
        """Return the argv that runs a command of the host's, with the host's files, in the machine's network."""
        return ["/usr/bin/nsenter", f"--target={self.pid}", "--net", "--", *words]

    def run(
        self,
        *words: str,
        user: str = "",
        network: bool = False,
        env: Mapping[str, str] | None = None,
        timeout: float = _PATIENCE,
    ) -> str:
        """Run a command to its end; return what it printed. Raises CommandError if it fails."""
        argv = self.argv(*words, user=user, network=network)
        environment = {**ENVIRONMENT, "HOME": "/root", **(proxies() if network else {}), **(env or {})}
        done = subprocess.run(
            argv,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=timeout,
            check=False,
            umask=0o022,
        )
        if done.returncode:
            raise CommandError(words, done.returncode, done.stdout)
        return done.stdout

    def install(self, *packages: str) -> str:
        """Have apt install packages from the mirror, or from files of the machine's."""
        options = ("-q", "-y", "-o", "Dpkg::Use-Pty=0", "--no-install-recommends")
        return self.run("/usr/bin/apt-get", *options, "install", *packages, network=True)

    def start(
        self, *words: str, log: str, user: str = "", env: Mapping[str, str] | None = None
    ) -> subprocess.Popen[bytes]:
        """Start a daemon that stays in the foreground; what it says goes into a file of the machine's."""
        with self.path(log).open("ab") as file:
            process = subprocess.Popen(
                self.argv(*words, user=user),
                env={**ENVIRONMENT, **(env or {})},
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                umask=0o022,
            )
        self._started.append(process)
        return process


def end(process: subprocess.Popen[bytes], number: signal.Signals = signal.SIGTERM, patience: float = 60.0) -> int:
    """Signal a daemon that `Machine.start` has started, wait for its end, and return its status."""
    # What was started is nsenter, which has put the daemon into the machine as a child of its own.
    for pid in Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split():
        os.kill(int(pid), number)
    return process.wait(patience)


def why_not() -> str | None:
    """Return why machines cannot be made here, or None if they can."""
    if os.geteuid() != 0:
        return "making a machine needs root"
    missing = [tool for tool in ("debootstrap", "unshare", "nsenter", "setpriv", "ip") if shutil.which(tool) is None]
    return f"making a machine needs {', '.join(missing)}" if missing else None
