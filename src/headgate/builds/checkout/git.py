"""Running git: with no hooks, no configuration but ours, no prompts, and no protocols but the one that was set.

Only commands that move objects are run: nothing of a repository is executed or checked out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from headgate.builds.redaction import redacted
from headgate.errors import HeadgateError, SlurmError
from headgate.slurm import process

_OUTPUT: Final = 4 * 1024 * 1024
_COMPLAINT: Final = 1500
_SCHEMES: Final = frozenset({"https", "http", "ssh", "file"})
_SETTINGS: Final = (
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "core.attributesFile=/dev/null",
    "gc.autoDetach=false",
    "submodule.recurse=false",
    "fetch.recurseSubmodules=false",
    "protocol.ext.allow=never",
    "credential.helper=",
    "diff.external=",
    "diff.noprefix=false",
    "diff.mnemonicPrefix=false",
)


class GitError(HeadgateError):
    """git did not do what it was asked; the message is its own complaint, bounded and without secrets."""


@dataclass(frozen=True, slots=True)
class Git:
    """One bare repository. ``environment``: what fetching needs beside; it may hold credentials."""

    directory: Path
    timeout: float
    """Seconds one command may take."""
    program: Path = Path("/usr/bin/git")
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    protocol: str = ""

    async def run(self, *words: str, more: Mapping[str, str] | None = None) -> str:
        """Run one command in the repository and return what it printed. Raises GitError."""
        answer = await self.ask(*words, more=more)
        if answer.code:
            complaint = redacted(answer.stderr.strip() or answer.stdout.strip())[:_COMPLAINT]
            raise GitError(complaint or f"git {words[0]} failed", transient=True)
        return answer.stdout

    async def ask(self, *words: str, more: Mapping[str, str] | None = None) -> process.Answer:
        """Run one command and return all it said, also if it failed. Raises GitError if it did not end in time."""
        settings = [word for one in _SETTINGS for word in ("-c", one)]
        argv = [str(self.program), f"--git-dir={self.directory}", *settings, *words]
        try:
            return await process.run(
                argv, env={**self._environment(), **(more or {})}, timeout=self.timeout, stdout_limit=_OUTPUT
            )
        except SlurmError as error:
            raise GitError(redacted(error.message), transient=True) from error

    def _environment(self) -> dict[str, str]:
        return {
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "HOME": "/nonexistent",
            "LC_ALL": "C",
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": "/dev/null",
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_ASKPASS": "/bin/false",
            "GIT_SSH_COMMAND": "ssh -o BatchMode=yes",
            "GIT_ALLOW_PROTOCOL": self.protocol or "none",
            "GIT_NO_REPLACE_OBJECTS": "1",
            "GIT_AUTHOR_NAME": "headgate",
            "GIT_AUTHOR_EMAIL": "headgate@localhost",
            "GIT_COMMITTER_NAME": "headgate",
            "GIT_COMMITTER_EMAIL": "headgate@localhost",
            **self.environment,
        }


def protocol_of(url: str) -> str:
    """Return the one protocol that a fetch of this address may use. Raises GitError for any that is not allowed."""
    scheme = urlsplit(url).scheme or ("ssh" if "@" in url.partition(":")[0] else "file")
    if scheme not in _SCHEMES:
        raise GitError("the repository's address names a protocol that is not allowed")
    return scheme
