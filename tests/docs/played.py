"""The demonstration, as it is when its first command is over, and terminals on its host for those who walk pages."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from scripts.demo.chats import Chats
from scripts.demo.mails import MailBox, about
from tests.docs.pages import DOCS
from tests.docs.walk import Shell, Walk
from tests.scripts.demo.playing import PROJECT, Demo

_BIN = Path(sys.executable).parent


class Played:
    """The demonstration after the first command of the first tutorial, and the walk through that one."""

    def __init__(self, demo: Demo) -> None:
        self.demo = demo
        self.place = demo.place
        name, directory = demo.place.name, str(demo.place.directory)
        self.root = Shell({"HOME": "/root"}, PROJECT)
        self.walk = Walk(
            DOCS / "tutorial" / "first-cluster.md",
            {"root": self.root},
            {
                "--name demo": f"--name {name}",
                "/var/tmp/headgate-demo": directory,  # noqa: S108 - the page's words
                "./dev demo": f"./dev demo --name {name} --directory {directory}",
                "cluster demo": f"cluster {name}",
                "Cluster          demo": f"Cluster          {name}",
            },
        )
        mails = MailBox(self.place.mails)
        self.walk.printed["mail"] = lambda: about(mails.mails(), int(self.walk.known.of("job", "2") or 0))[-1].text
        self.walk.printed["log"] = lambda: self.place.log("headgate").read_text()
        self.chats = Chats(self.place.chats)

    @property
    def address(self) -> str:
        """Where the service answers."""
        lines = map(json.loads, filter(lambda line: '"http.listening"' in line, self._log()))
        return f"http://127.0.0.1:{next(lines)['port']}"

    def _log(self) -> list[str]:
        return self.place.log("headgate").read_text().splitlines()

    def user(self, name: str) -> Shell:
        """Open a terminal of an ordinary user's, in a session that has Slurm's and Headgate's commands."""
        cluster = self.demo.cluster
        env = {
            "PATH": f"{_BIN}:{cluster.bin}:/usr/bin:/bin",
            "SLURM_CONF": str(cluster.slurm_conf),
            "HEADGATE_SOCKET": str(self.place.socket),
            "HOME": f"/home/{name}",
        }
        return Shell(env, Path(f"/home/{name}"), name)

    def admin(self, cwd: Path = PROJECT, **env: str) -> Shell:
        """Open a terminal of root's, in which ``headgate`` is this Headgate's."""
        path = f"{_BIN}:{self.demo.cluster.bin}:/usr/sbin:/usr/bin:/sbin:/bin"
        given = {"PATH": path, "HEADGATE_CONFIG": str(self.place.config), "HOME": "/root"}
        return Shell({**given, "SLURM_CONF": str(self.demo.cluster.slurm_conf), **env}, cwd)
