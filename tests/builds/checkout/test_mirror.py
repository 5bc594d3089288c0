from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from headgate.builds.checkout.mirror import CheckoutError, Mirrors, Sources, Wanted
from headgate.builds.forge.interface import CloneSource
from headgate.model.pull_request import Repository
from tests.builds.origin import Origin

WHERE = Repository("hub", "org/software")


class Place:
    """A repository with a pull request, and the mirrors."""

    def __init__(self, directory: Path) -> None:
        self.origin = Origin(directory / "origin")
        self.head = self.origin.pull_request(7, {"new": "content\n"})
        self.mirrors = Mirrors(directory / "mirrors", timeout=60)
        self.made = directory / "mirrors"

    def wanted(self, **more: object) -> Wanted:
        given: dict[str, object] = {
            "base_branch": "main",
            "head_commit": self.head,
            "head_ref": "refs/pull/7/head",
            **more,
        }
        return Wanted(WHERE, 7, **given)  # type: ignore[arg-type]

    async def get(self, into: Path, **more: object) -> Sources:
        """Get the sources, and unpack the bundle into a directory."""
        async with self.mirrors.sources(self.wanted(**more), CloneSource(self.origin.url)) as sources:
            git(into, "init", "--quiet", ".")
            git(into, "fetch", "--quiet", str(sources.bundle), "+refs/headgate/*:refs/headgate/*")
            git(into, "checkout", "--quiet", "--detach", sources.commit)
            (into / "difference").write_bytes(sources.difference.read_bytes())
            return sources


def git(where: Path, *words: str) -> str:
    where.mkdir(exist_ok=True)
    return subprocess.run(
        ["/usr/bin/git", *words], cwd=where, check=True, capture_output=True, text=True
    ).stdout.strip()


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


async def test_the_base_and_the_difference_are_got(place: Place, tmp_path: Path) -> None:
    sources = await place.get(tmp_path / "out")
    assert sources.commit == sources.base_commit == place.origin.base
    assert not (tmp_path / "out/new").exists()
    git(tmp_path / "out", "apply", "difference")
    assert (tmp_path / "out/new").read_text() == "content\n"
    assert not list(place.made.glob("headgate-*")), "the files are gone afterwards"


async def test_the_newest_base_is_taken_and_the_difference_is_that_of_the_pull_request(
    place: Place, tmp_path: Path
) -> None:
    newer = place.origin.commit({"later": "x\n"}, push="refs/heads/main", on=place.origin.base)
    sources = await place.get(tmp_path / "out")
    assert sources.base_commit == newer
    assert "later" not in (tmp_path / "out/difference").read_text()


async def test_a_merge_holds_both_and_is_always_the_same(place: Place, tmp_path: Path) -> None:
    place.origin.commit({"later": "x\n"}, push="refs/heads/main", on=place.origin.base)
    first = await place.get(tmp_path / "one", merge=True)
    second = await place.get(tmp_path / "two", merge=True)
    assert first.commit == second.commit
    assert {"new", "later"} <= {path.name for path in (tmp_path / "one").iterdir()}


async def test_a_base_that_was_pinned_stays(place: Place, tmp_path: Path) -> None:
    place.origin.commit({"later": "x\n"}, push="refs/heads/main", on=place.origin.base)
    assert (await place.get(tmp_path / "out", base_commit=place.origin.base)).commit == place.origin.base


@pytest.mark.parametrize("merge", [False, True])
async def test_a_conflict_is_named(place: Place, *, merge: bool) -> None:
    head = place.origin.pull_request(7, {"README": "mine\n"})
    place.origin.commit({"README": "theirs\n"}, push="refs/heads/main", on=place.origin.base)
    with pytest.raises(CheckoutError) as caught:
        async with place.mirrors.sources(place.wanted(head_commit=head, merge=merge), CloneSource(place.origin.url)):
            pass
    assert (caught.value.problem, "README" in caught.value.detail) == ("conflict", True)


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        ({"head_commit": "f" * 40}, "gone"),
        ({"head_commit": "--upload-pack=evil"}, "gone"),
        ({"base_branch": "--upload-pack=evil"}, "name"),
        ({"base_branch": "a..b"}, "name"),
        ({"base_branch": "a:refs/heads/x"}, "name"),
        ({"base_branch": "nowhere"}, "fetch"),
    ],
)
async def test_what_cannot_be_got_is_said(place: Place, more: dict[str, object], problem: str) -> None:
    with pytest.raises(CheckoutError) as caught:
        async with place.mirrors.sources(place.wanted(**more), CloneSource(place.origin.url)):
            pass
    assert caught.value.problem == problem


@pytest.mark.parametrize("url", ["ext::sh -c 'touch /tmp/pwned'", "git://host/x", "ftp://host/x"])
async def test_no_other_protocol_is_spoken(place: Place, url: str) -> None:
    with pytest.raises(CheckoutError):
        async with place.mirrors.sources(place.wanted(), CloneSource(url)):
            pass


@pytest.mark.parametrize("path", ["../evil", "org/..", "org/.git", "org/a b", "/org/x"])
async def test_a_repository_is_no_path(place: Place, path: str) -> None:
    wanted = Wanted(Repository("hub", path), 7, "main", place.head, "refs/pull/7/head")
    with pytest.raises(CheckoutError):
        async with place.mirrors.sources(wanted, CloneSource(place.origin.url)):
            pass


async def test_hooks_and_submodules_of_a_pull_request_do_nothing_here(place: Place, tmp_path: Path) -> None:
    mark = tmp_path / "pwned"
    evil = {
        ".gitmodules": f'[submodule "x"]\n\tpath = x\n\turl = ext::sh -c "touch {mark}"\n',
        ".gitattributes": "* diff=evil filter=evil\n",
        "new": "content\n",
    }
    head = place.origin.pull_request(7, evil)
    mirror = place.made / "hub/org/software.git"
    await place.get(tmp_path / "first")
    (mirror / "hooks").mkdir(exist_ok=True)
    for name in ("post-checkout", "reference-transaction", "post-update"):
        (mirror / "hooks" / name).write_text(f"#!/bin/sh\ntouch {mark}\n")
        (mirror / "hooks" / name).chmod(0o755)
    await place.get(tmp_path / "second", head_commit=head)
    assert not mark.exists()
