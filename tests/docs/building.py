"""What the tutorial about builds needs beside its page: GitHub with a repository, and a Headgate that is set up."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, Final, Self

from headgate.testing.cluster import Cluster
from headgate.testing.executor import RunningExecutor
from headgate.testing.github import FakeGitHub
from tests.builds.origin import Origin
from tests.docs.pages import DOCS, ROOT, blocks
from tests.service.running import RunningHeadgate

ACCOUNT: Final = "headgate"
BUILDER: Final = "hg-walk-builder"
LOGIN: Final = "ada"
NUMBER: Final = 7
_PAGE: Final = DOCS / "tutorial" / "first-build.md"
_NOWHERE: Final = "http://127.0.0.1:9/nowhere"
_PATIENCE: Final = 60.0
_GIT: Final = {
    "PATH": "/usr/bin:/bin",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    **{f"GIT_{who}_NAME": "Ada" for who in ("AUTHOR", "COMMITTER")},
    **{f"GIT_{who}_EMAIL": "ada@example.org" for who in ("AUTHOR", "COMMITTER")},
}


class BuildPlace:
    """Everything together; use it as an async context manager. The page's paths lie below ``base``."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self.base = Path(tempfile.mkdtemp(prefix="walk-", dir=cluster.shared))
        self.base.chmod(0o755)
        self.etc, self.clone, self._own = self.base / "etc", self.base / "clone", self.base / "own"
        for path in (self.etc, self._own):
            path.mkdir()
        shutil.chown(self._own, ACCOUNT, ACCOUNT)
        self.github = FakeGitHub(ROOT / ".counterparts")
        self.github.webhook_url = _NOWHERE
        self._executor: RunningExecutor
        self._headgate = RunningHeadgate(self._own, self._tables(), account=ACCOUNT)
        self.config = self._headgate.config
        shutil.chown(self.config, ACCOUNT, ACCOUNT)

    def _tables(self) -> dict[str, dict[str, Any]]:
        """Return the configuration of a Headgate that is installed, before the page."""
        return {
            "store": {"url": f"sqlite:///{self._own}/headgate.db"},
            "slurm": {"bin": str(self._cluster.bin)},
            "watcher": {"interval": 1.0, "min_interval": 0.2},
            "service": {"listen": "127.0.0.1:0", "parts": ["watcher", "builds"]},
        }

    async def __aenter__(self) -> Self:
        await self.github.start()
        world = self.github.world
        world.add_user(LOGIN)  # the App is installed in an account of a person's
        self._origin = Origin(self.base / "origin", {})
        self._stored = world.add_repository(f"{LOGIN}/software", world.install(LOGIN), directory=self._origin.bare)
        self._git("clone", "--quiet", str(self._origin.bare), str(self.clone))
        self._git("-C", str(self.clone), "switch", "--quiet", "--create", "build-by-bot")
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._headgate.stop()
        self._executor.stop()
        await self.github.stop()
        await asyncio.to_thread(self._clear)

    def _clear(self) -> None:
        subprocess.run(["/usr/sbin/userdel", "--remove", BUILDER], check=False, capture_output=True)
        shutil.rmtree(self.base)

    def changes(self) -> dict[str, str]:
        """Return what is another thing here than in the page."""
        return {
            "nano ": f"printf '%s' '{self.github.secret}' > ",
            "/etc/headgate/": f"{self.etc}/",
            "/srv/builds": f"{self.base}/builds",
            "/run/headgate-executor.sock": f"{self.base}/executor/executor.sock",
            "your-login/your-repository": f"{LOGIN}/software",
            "the App my-bot": f"the App {self.github.slug}",
            "your-login": LOGIN,
            "app_id = 123456": f'app_id = {self.github.app_id}\nurl = "{self.github.url}"',
            "catch_up = 10": "catch_up = 1",
            "git commit": "git -c user.name=Ada -c user.email=ada@example.org commit",
            'user = "builder"': f'user = "{BUILDER}"\nmirrors = "{self._own}/mirrors"',  # not in /var/lib/headgate
            " builder": f" {BUILDER}",
        }

    def deeds(self) -> dict[str, Callable[[], None]]:
        """Return what the reader does outside of a terminal; for a thread beside the loop that this is used in."""
        loop = asyncio.get_running_loop()

        def deed(what: Callable[[], Coroutine[Any, Any, None]]) -> Callable[[], None]:
            return lambda: asyncio.run_coroutine_threadsafe(what(), loop).result(_PATIENCE + 30)

        def say(text: str, *answers: str) -> Callable[[], None]:
            return deed(lambda: self._say(text, answers))

        done = ("|submitted|", "|released|", "|running|", "|finished|", "|test result|")
        return {
            "puts the directory among the roots, and makes the App": self._roots_and_app,
            "adds that to the configuration": self._configure,
            "restarts the service": deed(self._headgate.start),
            "opens a pull request": deed(self._open),
            "says bot: help": say("bot: help", "bot: build"),
            "says bot: build preview for:arch=x86_64/generic": say(
                "bot: build preview for:arch=x86_64/generic", "x86_64/generic"
            ),
            "says bot: build repo:EESSI for:arch=x86_64/generic": say(
                "bot: build repo:EESSI for:arch=x86_64/generic", *done
            ),
        }

    def _roots_and_app(self) -> None:
        self._executor = RunningExecutor(
            self.base / "executor", service=ACCOUNT, roots=["~", f"{self.base}/builds"], bin=self._cluster.bin
        )
        self._executor.start()
        (self.base / "my-bot.private-key.pem").write_text(self.github.private_key)

    def _configure(self) -> None:
        [shown] = [block.text for block in blocks(_PAGE) if block.language == "toml"]
        for text, here in self.changes().items():
            shown = shown.replace(text, here)
        with self.config.open("a") as file:
            file.write(shown)

    async def _open(self) -> None:
        head = self._git("-C", str(self.clone), "rev-parse", "HEAD")
        self._pull = self.github.world.add_pull_request(
            self._stored, author=LOGIN, number=NUMBER, head=head, base=self._origin.base
        )
        await self.github.open(self._pull)

    async def _say(self, text: str, answers: tuple[str, ...]) -> None:
        """Write into the pull request, and wait until every one of these is in what the bot has written since."""
        before = len(self.github.comments(self._pull))
        said = await self.github.say(self._pull, LOGIN, text)
        deadline = time.monotonic() + _PATIENCE
        while True:
            written = "\n".join(comment.body for comment in self.github.comments(self._pull)[before:])
            if all(answer in written for answer in answers):
                break
            assert time.monotonic() < deadline, f"{text}: {written}\n{self._headgate.log.read_text()[-3000:]}"
            await asyncio.sleep(0.2)
        assert said.reactions, "the comment has no eye"

    @staticmethod
    def _git(*words: str) -> str:
        done = subprocess.run(
            ["/usr/bin/git", *words], env={**os.environ, **_GIT}, check=True, capture_output=True, text=True
        )
        return done.stdout.strip()
