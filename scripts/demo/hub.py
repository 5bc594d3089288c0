"""A GitHub that is played strictly, with one repository and one pull request; its App is Headgate's."""

from __future__ import annotations

import os
import subprocess
import tempfile
from pathlib import Path
from typing import Any, Final

from headgate.testing.github import FakeGitHub

NUMBER: Final = 7
AUTHOR: Final = "carol"
PEOPLE: Final = ("ada",)
"""Who may have things built and deployed."""
REPOSITORY: Final = "EESSI"
"""What is built for: a name that needs no ``repos.cfg``."""
ARCHITECTURE: Final = "x86_64/amd/zen4"
ARTEFACT: Final = "hello-1795000000.tar.gz"
_COUNTERPARTS: Final = Path(__file__).parents[2] / ".counterparts"
_SCRIPTS: Final = {
    "bot/build.sh": f"make hello\nsleep 3\ntar --create --gzip --file {ARTEFACT} hello\n",
    "bot/check-build.sh": """\
cat > _bot_job${SLURM_JOB_ID}.result <<TEXT
[RESULT]
comment_description = <details><summary>:grin: SUCCESS</summary>hello was built on $(hostname)</details>
status = SUCCESS
artefacts =
    ARTEFACT
TEXT
""".replace("ARTEFACT", ARTEFACT),
    "bot/test.sh": "./hello | grep --quiet world\n",
    "bot/check-test.sh": """\
cat > _bot_job${SLURM_JOB_ID}.test <<TEXT
[TEST]
comment_description = :grin: SUCCESS
status = SUCCESS
TEXT
""",
}
_GIT: Final = ("/usr/bin/git", "-c", "user.name=carol", "-c", "user.email=carol@example.org")


class Hub:
    """GitHub, and what is kept there. Start it before anything else is asked of it."""

    def __init__(self) -> None:
        self.github = FakeGitHub(_COUNTERPARTS)
        self._own = tempfile.TemporaryDirectory(prefix="headgate-demo-github-")

    async def start(self) -> None:
        """Listen, with a repository whose pull request adds a program."""
        world, directory = self.github.world, Path(self._own.name)
        self._key = directory / "app.pem"
        self._key.write_text(self.github.private_key)
        bare, base, head = _repository(directory)
        await self.github.start()
        stored = world.add_repository("site/software", world.install("site"), directory=bare)
        self._pull = world.add_pull_request(stored, author=AUTHOR, number=NUMBER, head=head, base=base)

    async def stop(self) -> None:
        """Listen no more, and leave nothing."""
        await self.github.stop()
        self._own.cleanup()

    def tables(self) -> dict[str, dict[str, Any]]:
        """Return the tables of Headgate's configuration that join it to this GitHub, and say who may what."""
        app = {"app_id": self.github.app_id, "private_key": str(self._key), "webhook_secret": self.github.secret}
        return {
            "builds": {"instance": "demo-bot"},
            "builds.permissions": {"command": PEOPLE, "build": PEOPLE, "deploy": PEOPLE},
            "builds.forges.hub": {"kind": "github", "url": self.github.url, **app},
            "builds.targets.zen4": {"architecture": ARCHITECTURE, "repositories": [REPOSITORY]},
        }

    async def say(self, who: str, text: str, webhooks: str) -> None:
        """Write a comment as somebody, and deliver it to an address."""
        self.github.webhook_url = webhooks
        await self.github.say(self._pull, who, text)

    def comments(self) -> list[str]:
        """Return what the App wrote."""
        return [comment.body for comment in self.github.comments(self._pull)]


def _repository(directory: Path) -> tuple[Path, str, str]:
    """Make a bare repository; return it, the base of a pull request, and its head."""
    bare, work = directory / "software.git", directory / "work"
    for words in (("--bare", str(bare)), (str(work),)):
        _git(directory, "init", "--quiet", "--initial-branch=main", *words)
    _git(bare, "config", "uploadpack.allowAnySHA1InWant", "true")  # as GitHub has it
    base = _commit(work, bare, {**_SCRIPTS, "README": "Software of the site\n"}, "refs/heads/main")
    source = '#include <stdio.h>\nint main(void) { puts("hello, world"); return 0; }\n'
    return bare, base, _commit(work, bare, {"hello.c": source}, f"refs/pull/{NUMBER}/head")


def _commit(work: Path, bare: Path, files: dict[str, str], ref: str) -> str:
    for name, text in files.items():
        path = work / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    _git(work, "add", "--all")
    _git(work, "commit", "--quiet", "--message=more")
    _git(work, "push", "--quiet", str(bare), f"HEAD:{ref}")
    return _git(work, "rev-parse", "HEAD")


def _git(where: Path, *words: str) -> str:
    environment = {"PATH": "/usr/bin:/bin", "HOME": os.devnull}
    done = subprocess.run([*_GIT, *words], cwd=where, env=environment, check=True, capture_output=True, text=True)
    return done.stdout.strip()
