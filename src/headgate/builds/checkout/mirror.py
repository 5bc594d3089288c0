"""Mirrors: bare copies of repositories, from which one pinned commit is taken out as files for a job.

A fetch brings the base branch and the pull request's head; what is handed on is a bundle of the commit that is checked
out and the difference of the pull request, as git writes it. Which commit was meant was decided when the command was
read: a push since then changes nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import shutil
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from headgate.builds.checkout.git import Git, GitError, protocol_of
from headgate.builds.forge.interface import CloneSource
from headgate.errors import HeadgateError
from headgate.model.pull_request import Repository

_COMMIT: Final = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_PART: Final = re.compile(r"(?!\.)[A-Za-z0-9_.-]{1,100}")
_BRANCH: Final = re.compile(
    r"(?![-/.])(?!.*(?:\.\.|//|@\{|/\.|\.lock(?:/|$)))[^\x00-\x20\x7f~^:?*\[\\]{1,200}(?<![/.])"
)
_WHERE: Final = {
    "fetch": "The repository cannot be fetched.",
    "gone": "The commit this command was given for is not there any more: give the command again.",
    "conflict": "The pull request cannot be applied to its base branch: bring it up to date, and build again.",
    "name": "The repository or its branch has a name that cannot be used here.",
}

Problem = Literal["fetch", "gone", "conflict", "name"]


class CheckoutError(HeadgateError):
    """What is to be built cannot be got. ``problem`` says in which step; ``detail`` is git's complaint."""

    def __init__(self, problem: Problem, detail: str = "", *, transient: bool = False) -> None:
        super().__init__(_WHERE[problem], transient=transient)
        self.problem = problem
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be got.

    ``base_commit``: empty takes the base branch as it is now. ``head_ref``: where a forge keeps the heads of pull
    requests.
    """

    repository: Repository
    number: int
    base_branch: str
    head_commit: str
    head_ref: str
    base_commit: str = ""
    merge: bool = False
    """Whether the merge of both is checked out, in place of the base with the difference beside it."""


@dataclass(frozen=True, slots=True)
class Sources:
    """What was got. ``commit`` is what the bundle holds; ``difference`` is applied on it unless it is a merge."""

    commit: str
    base_commit: str
    bundle: Path
    difference: Path


class Mirrors:
    """The mirrors below one directory."""

    def __init__(self, directory: Path, *, timeout: float, git: Path = Path("/usr/bin/git")) -> None:
        """``timeout``: seconds one git command may take."""
        self._directory = directory
        self._timeout = timeout
        self._git = git
        self._locks: dict[Repository, asyncio.Lock] = {}

    @contextlib.asynccontextmanager
    async def sources(self, wanted: Wanted, source: CloneSource) -> AsyncIterator[Sources]:
        """Fetch and yield the files for jobs; they are gone afterwards. Raises CheckoutError."""
        place = self._place(wanted.repository)
        if not _BRANCH.fullmatch(wanted.base_branch):
            raise CheckoutError("name")
        if not _COMMIT.fullmatch(wanted.head_commit) or not _COMMIT.fullmatch(wanted.base_commit or "0" * 40):
            raise CheckoutError("gone")
        async with self._locks.setdefault(wanted.repository, asyncio.Lock()):
            git = await self._opened(place, source)
            base = await self._fetch(git, wanted, source)
            try:
                made = await asyncio.to_thread(tempfile.mkdtemp, prefix="headgate-", dir=self._directory)
            except OSError as error:
                raise CheckoutError("fetch", f"no room for a copy: {error.strerror}", transient=True) from error
            try:
                try:
                    found = await self._taken_out(git, wanted, base, Path(made))
                except GitError as error:
                    raise CheckoutError("fetch", error.message, transient=True) from error
            except BaseException:
                await asyncio.to_thread(shutil.rmtree, made, ignore_errors=True)
                raise
        try:
            yield found
        finally:
            await asyncio.to_thread(shutil.rmtree, made, ignore_errors=True)

    def _place(self, repository: Repository) -> Path:
        parts = [repository.forge, *repository.path.split("/")]
        if not all(_PART.fullmatch(part) for part in parts):
            raise CheckoutError("name")
        return self._directory.joinpath(*parts[:-1], f"{parts[-1]}.git")

    async def _opened(self, place: Path, source: CloneSource) -> Git:
        """Return the mirror, made if it is not there. Raises CheckoutError."""
        try:
            protocol = protocol_of(source.url)
            git = Git(place, self._timeout, self._git, dict(source.environment), protocol)
            if not await asyncio.to_thread((place / "HEAD").exists):
                await asyncio.to_thread(place.parent.mkdir, parents=True, exist_ok=True, mode=0o750)
                await git.run("init", "--quiet", "--bare", "--template=", str(place))
        except OSError as error:
            detail = f"the mirrors' directory cannot be used: {error.strerror}"
            raise CheckoutError("fetch", detail, transient=True) from error
        except GitError as error:
            raise CheckoutError("fetch", error.message, transient=True) from error
        return git

    async def _fetch(self, git: Git, wanted: Wanted, source: CloneSource) -> str:
        """Bring what is wanted into the mirror; return the base commit. Raises CheckoutError."""
        own = f"refs/headgate/{wanted.number}"
        try:
            await _fetch(git, source.url, f"+refs/heads/{wanted.base_branch}:{own}/base")
            base = wanted.base_commit or (await git.run("rev-parse", "--verify", f"{own}/base^{{commit}}")).strip()
        except GitError as error:
            raise CheckoutError("fetch", error.message, transient=True) from error
        for commit, ref in ((wanted.head_commit, wanted.head_ref), (base, "")):
            if await _has(git, commit):
                continue
            with contextlib.suppress(GitError):  # the second way is tried, and what is missing then is said
                if ref:
                    await _fetch(git, source.url, f"+{ref}:{own}/head")
            if await _has(git, commit):
                continue
            try:
                await _fetch(git, source.url, f"+{commit}:{own}/pinned")
            except GitError as error:
                raise CheckoutError("gone", error.message) from error
        return base

    async def _taken_out(self, git: Git, wanted: Wanted, base: str, made: Path) -> Sources:
        """Write the bundle and the difference. Raises CheckoutError, GitError."""
        head = wanted.head_commit
        answer = await git.ask("merge-base", base, head)
        fork = answer.stdout.strip()
        if answer.code or not _COMMIT.fullmatch(fork):
            raise CheckoutError("conflict", "the pull request and its base branch have no commit in common")
        commit, before = base, fork
        if wanted.merge:
            commit, before = await self._merged(git, base, head), base
        difference, bundle = made / "difference", made / "bundle"
        words = ("--binary", "--full-index", "--no-color", "--no-ext-diff", "--no-textconv", "--no-renames")
        after = commit if wanted.merge else head
        await git.run("diff", *words, f"--output={difference}", before, after, "--")
        if not wanted.merge:
            await self._applies(git, base, difference, made)
        ref = f"refs/headgate/{wanted.number}/built"
        await git.run("update-ref", ref, commit)
        await git.run("bundle", "create", "--quiet", str(bundle), ref)
        return Sources(commit, base, bundle, difference)

    async def _merged(self, git: Git, base: str, head: str) -> str:
        """Return the merge of two commits, made without a work tree. The same two make the same merge."""
        answer = await git.ask("merge-tree", "--write-tree", "--name-only", base, head)
        tree, _, rest = answer.stdout.partition("\n")
        if answer.code:
            raise CheckoutError("conflict", rest.strip()[:1500])
        when = (await git.run("show", "-s", "--format=%ct", head)).strip()
        dates = {"GIT_AUTHOR_DATE": f"@{when} +0000", "GIT_COMMITTER_DATE": f"@{when} +0000"}
        message = f"Merge {head} into {base}"
        return (await git.run("commit-tree", tree.strip(), "-p", base, "-p", head, "-m", message, more=dates)).strip()

    async def _applies(self, git: Git, base: str, difference: Path, made: Path) -> None:
        """Check that the difference applies to the base, in an index of its own. Raises CheckoutError."""
        index = {"GIT_INDEX_FILE": str(made / "index")}
        if not (await asyncio.to_thread(difference.stat)).st_size:
            return
        await git.run("read-tree", base, more=index)
        answer = await git.ask("apply", "--cached", "--check", str(difference), more=index)
        if answer.code:
            raise CheckoutError("conflict", answer.stderr.strip()[:1500])


async def _fetch(git: Git, url: str, refspec: str) -> None:
    await git.run("fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules", url, refspec)


async def _has(git: Git, commit: str) -> bool:
    return (await git.ask("cat-file", "-e", f"{commit}^{{commit}}")).code == 0
