"""A repository that is built: a bare one on disk, with pull requests as forges keep them."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path

BUILD = "echo 'software is built'\ntar --create --gzip --file artefact-1.tar.gz bot\n"
CHECK_BUILD = """\
cat > _bot_job${SLURM_JOB_ID}.result <<TEXT
[RESULT]
comment_description = <details><summary>:grin: SUCCESS</summary>100%% done, 5% spare</details>
status = SUCCESS
artefacts =
    artefact-1.tar.gz
TEXT
"""
TEST = "echo 'tests run'\n"
CHECK_TEST = """\
cat > _bot_job${SLURM_JOB_ID}.test <<TEXT
[TEST]
comment_description = <details><summary>:grin: SUCCESS</summary>all passed</details>
status = SUCCESS
TEXT
"""
SCRIPTS: Mapping[str, str] = {
    "bot/build.sh": BUILD,
    "bot/check-build.sh": CHECK_BUILD,
    "bot/test.sh": TEST,
    "bot/check-test.sh": CHECK_TEST,
}
_GIT = ("git", "-c", "user.name=ada", "-c", "user.email=ada@example.org", "-c", "init.defaultBranch=main")


class Origin:
    """One repository."""

    def __init__(self, directory: Path, scripts: Mapping[str, str] = SCRIPTS) -> None:
        self.bare = directory / "origin.git"
        self._work = directory / "work"
        directory.mkdir(parents=True, exist_ok=True)
        self._git("init", "--quiet", str(self._work), where=directory)
        self._git("init", "--quiet", "--bare", str(self.bare), where=directory)
        self._git("config", "uploadpack.allowAnySHA1InWant", "true", where=self.bare)  # as the forges have it
        self.base = self.commit({"README": "base\n", **scripts}, push="refs/heads/main")

    @property
    def url(self) -> str:
        """Where it is cloned from."""
        return f"file://{self.bare}"

    def commit(self, files: Mapping[str, str], *, push: str, on: str = "") -> str:
        """Commit files on a commit (the newest one, if none is named), and push it to a ref; return the commit."""
        if on:
            self._git("checkout", "--quiet", "--detach", on)
        for name, text in files.items():
            path = self._work / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        self._git("add", "--all")
        self._git("commit", "--quiet", "--allow-empty", "--message", "more")
        commit = self._git("rev-parse", "HEAD")
        self._git("push", "--quiet", "--force", str(self.bare), f"HEAD:{push}")
        return commit

    def pull_request(self, number: int, files: Mapping[str, str], *, on: str = "") -> str:
        """Make or change a pull request; return its head."""
        return self.commit(files, push=f"refs/pull/{number}/head", on=on or self.base)

    def _git(self, *words: str, where: Path | None = None) -> str:
        done = subprocess.run(
            [*_GIT, *words],
            cwd=where or self._work,
            check=True,
            capture_output=True,
            text=True,
            env={"PATH": "/usr/bin:/bin", "HOME": "/nonexistent"},
        )
        return done.stdout.strip()
