from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from headgate.builds.deploy import names
from headgate.builds.deploy.request import BuiltJob, DeployError
from headgate.builds.deploy.spool import Copy, copy, room, sweep
from headgate.executor.client import ExecutorClient
from headgate.executor.interface import LocalFile, Place
from tests.builds.deploy.made import ARTEFACT, Site, tarball

NAME = "x-1.tar.gz"


async def copied(site: Site, job: BuiltJob, name: str = NAME, *, most: int = 10**6) -> Copy:
    target = site.own / "copies"
    target.mkdir(exist_ok=True)
    artefact = names.read(name, "(?s).*")
    return await copy(site.actor, site.user, job.place, artefact, target, max_bytes=most)


async def test_a_copy_is_the_bytes_that_were_hashed(site: Site) -> None:
    content = tarball("a" * 3_000_000) + os.urandom(3_000_000)
    done = await copied(site, site.job(files={NAME: content}), most=10**7)
    assert done.path.read_bytes() == content
    assert (done.size, done.sha256) == (len(content), hashlib.sha256(content).hexdigest())
    assert done.modified == pytest.approx((site.directory() / NAME).stat().st_mtime)


async def test_only_headgate_can_read_a_copy(site: Site) -> None:
    async with room(site.own / "spool") as here:
        assert stat.S_IMODE(here.stat().st_mode) == 0o700
        done = await copy(site.actor, site.user, site.job().place, names.read(ARTEFACT, ".*"), here, max_bytes=10**6)
        assert stat.S_IMODE(done.path.stat().st_mode) == 0o600
    assert site.spooled() == []


async def test_a_room_is_gone_when_something_fails_in_it(site: Site) -> None:
    with pytest.raises(DeployError):
        async with room(site.own / "spool"):
            raise DeployError("on purpose")
    assert site.spooled() == []


def test_what_a_killed_service_left_is_swept_away(tmp_path: Path) -> None:
    (tmp_path / "deploy-abc").mkdir()
    (tmp_path / "deploy-abc" / NAME).write_bytes(b"x")
    (tmp_path / "other").mkdir()
    assert sweep(tmp_path) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["other"]
    assert sweep(tmp_path / "not-there") == 0


def a_link_to_a_secret(site: Site) -> None:
    secret = site.own / "secret"
    secret.write_bytes(tarball("the key"))
    (site.directory() / NAME).symlink_to(secret)


def a_link_to_a_neighbour(site: Site) -> None:
    (site.directory() / "other").write_bytes(tarball())
    (site.directory() / NAME).symlink_to("other")


def a_pipe(site: Site) -> None:
    os.mkfifo(site.directory() / NAME)


def a_directory(site: Site) -> None:
    (site.directory() / NAME).mkdir()


def nothing(site: Site) -> None:
    assert not (site.directory() / NAME).exists()


def an_empty_file(site: Site) -> None:
    (site.directory() / NAME).touch()


def another_kind(site: Site) -> None:
    (site.directory() / NAME).write_bytes(b"-----BEGIN OPENSSH PRIVATE KEY-----")


def too_much(site: Site) -> None:
    (site.directory() / NAME).write_bytes(tarball() + bytes(10**6))


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (a_link_to_a_secret, "a symbolic link is in its path"),
        (a_link_to_a_neighbour, "a symbolic link is in its path"),
        (a_pipe, "it is no regular file"),
        (a_directory, "it is no regular file"),
        (nothing, "it is not there"),
        (an_empty_file, "it is empty"),
        (another_kind, "its content is not what its name says"),
        (too_much, "it has more than 1000000 bytes"),
    ],
)
async def test_what_is_no_artefact_is_refused_with_the_reason(
    site: Site, make: Callable[[Site], None], why: str
) -> None:
    job = site.job(files={})
    make(site)
    site.give(site.jobs)
    with pytest.raises(DeployError, match=why):
        await copied(site, job)


async def test_a_file_only_root_can_read_is_refused(site: Site) -> None:
    job = site.job(files={NAME: tarball("of root")})
    os.chown(site.directory() / NAME, 0, 0)
    (site.directory() / NAME).chmod(0o600)
    with pytest.raises(DeployError, match="the build account may not read it"):
        await copied(site, job)


async def test_a_link_as_a_directory_on_the_way_is_refused(site: Site) -> None:
    elsewhere = site.own / "elsewhere"
    elsewhere.mkdir()
    elsewhere.chmod(0o755)
    (elsewhere / NAME).write_bytes(tarball("elsewhere"))
    job = site.job(files={})
    (site.directory() / "out").symlink_to(elsewhere)
    with pytest.raises(DeployError, match="a symbolic link is in its path"):
        await copied(site, job, f"out/{NAME}")


async def test_another_jobs_artefact_cannot_be_reached_by_a_link_for_the_job_directory(site: Site) -> None:
    site.job("4712", {NAME: tarball("of another")})
    job = site.job("4711", {})
    site.directory().rmdir()
    site.directory().symlink_to(site.directory("4712"))
    with pytest.raises(DeployError, match="a link or a file is where a directory should be"):
        await copied(site, job)


class Meddling(LocalFile):
    """A file that somebody changes once its first piece was read, or after each piece."""

    meddle: Callable[[], object]
    always: bool

    async def read(self, size: int, offset: int) -> bytes:
        piece = await super().read(size, offset)
        if offset == 0 or self.always:
            self.meddle()
        return piece


class Meddled(ExecutorClient):
    """The executor, as if somebody changed each file while it is read."""

    def __init__(self, real: ExecutorClient, meddle: Callable[[], object], *, always: bool = False) -> None:
        self._real, self._meddle, self._always = real, meddle, always

    async def open_read(self, user: str, place: Place) -> LocalFile:
        opened = await self._real.open_read(user, place)
        file = Meddling(opened.detach(), opened.info)
        file.meddle, file.always = self._meddle, self._always
        return file

    async def stat(self, user: str, place: Place):  # type: ignore[no-untyped-def] # noqa: ANN201 - as the parent
        return await self._real.stat(user, place)


@pytest.mark.parametrize("change", ["rewritten", "grown", "shortened", "replaced", "linked"])
async def test_an_artefact_that_changes_while_it_is_read_does_not_go(site: Site, change: str) -> None:
    job = site.job(files={NAME: tarball() + bytes(3_000_000)})
    path = site.directory() / NAME

    def meddle() -> None:
        if change == "rewritten":
            with path.open("r+b") as file:
                file.seek(2_000_000)
                file.write(b"other")
        elif change == "grown":
            with path.open("ab") as file:
                file.write(b"more")
        elif change == "shortened":
            os.truncate(path, 2_000_000)
        else:
            path.unlink()
            if change == "replaced":
                path.write_bytes(tarball() + bytes(3_000_000))
            else:
                path.symlink_to("/etc/passwd")

    assert isinstance(site.actor, ExecutorClient)
    site.actor = Meddled(site.actor, meddle)
    with pytest.raises(DeployError, match="it changed while it was read"):
        await copied(site, job, most=10**7)


async def test_a_file_that_grows_as_fast_as_it_is_read_is_read_no_further_than_the_bound(site: Site) -> None:
    job = site.job(files={NAME: tarball()})

    def grow() -> None:
        with (site.directory() / NAME).open("ab") as file:
            file.write(bytes(1_000_000))

    assert isinstance(site.actor, ExecutorClient)
    site.actor = Meddled(site.actor, grow, always=True)
    with pytest.raises(DeployError, match="it has more than 5000000 bytes"):
        await copied(site, job, most=5_000_000)
    assert (site.directory() / NAME).stat().st_size < 8_000_000
