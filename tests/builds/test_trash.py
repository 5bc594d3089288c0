from __future__ import annotations

import contextlib
import datetime as dt
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from headgate.builds.trash import ClosedPullRequest, JobDirectory, Moved, TrashBin, TrashError
from headgate.model.pull_request import Repository
from headgate.testing.cluster import process
from headgate.testing.cluster.errors import CommandError
from tests.executor.conftest import USER, Helper, running

TODAY = dt.date(2026, 11, 29)
HERE = Repository("github", "EESSI/software-layer")
MONTHS = ("2026.10", "2026.11")
TRASHED = "EESSI/software-layer/2026.11.29"


@pytest.fixture
def helper() -> Iterator[Helper]:
    with running() as made:
        yield made


def path_of(month: str, repository: str = HERE.path, number: int = 12) -> str:
    return f"{month}/{repository}/pr_{number}"


def make(helper: Helper, *paths: str) -> None:
    for path in paths:
        directory = helper.root / "jobs" / path
        directory.mkdir(parents=True, exist_ok=True)
        (directory / "slurm.out").write_text(path)
    give(helper)


def give(helper: Helper) -> None:
    for path in (helper.root, *helper.root.rglob("*")):
        shutil.chown(path, USER, USER)


def bin_of(helper: Helper, trash: str = "trash") -> TrashBin:
    (helper.root / "jobs").mkdir(exist_ok=True)
    give(helper)
    return TrashBin(helper.client, USER, helper.root / "jobs", helper.root / trash)


def closed(*jobs: JobDirectory, directories: tuple[str, ...] = (path_of("2026.11"),)) -> ClosedPullRequest:
    """Return what is to be moved; if no jobs are named, there were some in 1, 2 and 3, and all are over."""
    over = tuple(JobDirectory(number, f"{path_of('2026.11')}/{number}", False) for number in ("1", "2", "3"))
    return ClosedPullRequest(HERE, 12, directories, jobs or over)


def below(directory: Path) -> set[str]:
    return {str(path.parent.relative_to(directory)) for path in directory.rglob("slurm.out")}


async def test_the_directories_of_a_pull_request_go_to_the_trash_bin(helper: Helper) -> None:
    jobs = [f"{path_of(month)}/{number}" for month, number in zip(MONTHS, ("1", "2"), strict=True)]
    make(helper, *jobs)
    directories = tuple(path_of(month) for month in MONTHS)
    done = await bin_of(helper).move(
        closed(*(JobDirectory("1", path, False) for path in jobs), directories=directories), TODAY
    )
    assert done == Moved(moved=directories)
    assert below(helper.root / "jobs") == set()
    assert below(helper.root / "trash") == {f"{TRASHED}/2026.10/pr_12/1", f"{TRASHED}/2026.11/pr_12/2"}
    assert (helper.root / "trash/EESSI").stat().st_uid == (helper.root / "jobs").stat().st_uid


async def test_nothing_of_another_repository_or_pull_request_is_touched(helper: Helper) -> None:
    others = [
        f"{path_of('2026.11', 'EESSI/compatibility-layer')}/2",
        f"{path_of('2026.11', 'EESSI/software-layer-scripts')}/3",
        f"{path_of('2026.11', number=1)}/4",
        f"{path_of('2026.11', number=120)}/5",
    ]
    make(helper, f"{path_of('2026.11')}/1", *others)
    await bin_of(helper).move(closed(), TODAY)
    assert below(helper.root / "jobs") == set(others)


async def test_a_directory_whose_job_is_in_use_stays(helper: Helper) -> None:
    over, used = f"{path_of('2026.11')}/run/1", f"{path_of('2026.11')}/run/2"
    make(helper, over, used)
    done = await bin_of(helper).move(closed(JobDirectory("1", over, False), JobDirectory("2", used, True)), TODAY)
    assert done == Moved(moved=(over,), kept=(used,))
    assert below(helper.root / "jobs") == {used}
    assert below(helper.root / "trash") == {f"{TRASHED}/2026.11/pr_12/run/1"}


async def test_a_directory_that_holds_one_in_use_stays(helper: Helper) -> None:
    outer = f"{path_of('2026.11')}/x86_64"
    make(helper, outer, f"{outer}/amd")
    done = await bin_of(helper).move(
        closed(JobDirectory("1", outer, False), JobDirectory("2", f"{outer}/amd", True)), TODAY
    )
    assert done.moved == ()
    assert below(helper.root / "jobs") == {outer, f"{outer}/amd"}


async def test_when_the_last_job_is_over_the_rest_goes_beside_what_went_before(helper: Helper) -> None:
    over, used = f"{path_of('2026.11')}/run/1", f"{path_of('2026.11')}/run/2"
    make(helper, over, used)
    trash = bin_of(helper)
    await trash.move(closed(JobDirectory("1", over, False), JobDirectory("2", used, True)), TODAY)
    await trash.move(closed(JobDirectory("1", over, False), JobDirectory("2", used, False)), TODAY)
    assert below(helper.root / "jobs") == set()
    assert below(helper.root / "trash") == {f"{TRASHED}/2026.11/pr_12/run/1", f"{TRASHED}/2026.11/pr_12.1/run/2"}


async def test_doing_it_again_does_no_harm(helper: Helper) -> None:
    make(helper, f"{path_of('2026.11')}/1")
    trash = bin_of(helper)
    assert (await trash.move(closed(), TODAY)).moved == (path_of("2026.11"),)
    assert await trash.move(closed(), TODAY) == Moved()


async def test_a_pull_request_closed_twice_on_a_day_loses_nothing(helper: Helper) -> None:
    trash = bin_of(helper)
    for number in ("1", "2", "3"):
        make(helper, f"{path_of('2026.11')}/{number}")
        await trash.move(closed(), TODAY)
    assert below(helper.root / "trash") == {
        f"{TRASHED}/2026.11/pr_12/1",
        f"{TRASHED}/2026.11/pr_12.1/2",
        f"{TRASHED}/2026.11/pr_12.2/3",
    }


@pytest.mark.parametrize(
    "directory",
    [
        path_of("2026.11", number=13),
        path_of("2026.11", "EESSI/other"),
        path_of("2026.11") + "/4711",
        "2026.11/../2026.11/EESSI/software-layer/pr_12",
        "EESSI/software-layer/pr_12",
        "/2026.11/EESSI/software-layer/pr_12",
        "",
    ],
)
async def test_a_directory_that_is_not_this_pull_requests_is_refused(helper: Helper, directory: str) -> None:
    with pytest.raises(TrashError, match="is not the directory of"):
        await bin_of(helper).move(closed(directories=(directory,)), TODAY)


async def test_a_link_in_the_place_of_a_directory_moves_nothing_else(helper: Helper) -> None:
    make(helper, f"{path_of('2026.11', 'EESSI/other')}/1", path_of("2026.11", number=1))
    link = helper.root / "jobs" / path_of("2026.11")
    link.symlink_to(helper.root / "jobs" / path_of("2026.11", "EESSI/other"))
    done = await bin_of(helper).move(closed(), TODAY)
    assert done.moved == ()
    assert [path for path, _ in done.failed] == [path_of("2026.11")]
    assert f"{path_of('2026.11', 'EESSI/other')}/1" in below(helper.root / "jobs")


async def test_what_is_of_no_job_of_ours_stays(helper: Helper) -> None:
    ours, theirs = f"{path_of('2026.11')}/event_1/run_000/1", f"{path_of('2026.11')}/event_2/run_000/2"
    make(helper, ours, theirs)
    done = await bin_of(helper).move(closed(JobDirectory("1", ours, False)), TODAY)
    assert done == Moved(moved=(f"{path_of('2026.11')}/event_1",), kept=(f"{path_of('2026.11')}/event_2",))
    assert below(helper.root / "jobs") == {theirs}
    assert below(helper.root / "trash") == {f"{TRASHED}/2026.11/pr_12/event_1/run_000/1"}


async def test_the_trash_bin_may_be_below_the_jobs(helper: Helper) -> None:
    make(helper, f"{path_of('2026.11')}/1")
    trash = bin_of(helper, "jobs/trash")
    assert await trash.problem() == ""
    await trash.move(closed(), TODAY)
    assert below(helper.root / "jobs/trash") == {f"{TRASHED}/2026.11/pr_12/1"}


@pytest.mark.parametrize(("jobs", "trash"), [("/data/jobs", "/scratch/trash"), ("/data/jobs", "/data"), ("/a", "/a")])
async def test_places_that_one_rename_cannot_join_are_told_with_what_helps(
    helper: Helper, jobs: str, trash: str
) -> None:
    bin_ = TrashBin(helper.client, USER, Path(jobs), Path(trash))
    with pytest.raises(TrashError, match=r"should be below builds.jobs.directory"):
        await bin_.move(closed(), TODAY)
    assert "should be below builds.jobs.directory" in await bin_.problem()


@contextlib.contextmanager
def another_file_system(directory: Path) -> Iterator[None]:
    """Put one there, if this machine lets us."""
    directory.mkdir(parents=True)
    try:
        process.run(["/usr/bin/mount", "-t", "tmpfs", "-o", "size=1m,mode=777", "headgate-test", str(directory)])
    except CommandError:
        pytest.skip("nothing can be mounted here")
    try:
        yield
    finally:
        process.run(["/usr/bin/umount", "--lazy", str(directory)])  # the executor's processes may still stand in it


async def test_another_file_system_is_told_with_what_helps(helper: Helper) -> None:
    make(helper, f"{path_of('2026.11')}/1")
    with another_file_system(helper.root / "trash"):
        trash = TrashBin(helper.client, USER, helper.root / "jobs", helper.root / "trash")
        assert "is on another file system" in await trash.problem()
        done = await trash.move(closed(), TODAY)
    assert "is on another file system" in done.failed[0][1]
    assert below(helper.root / "jobs") == {f"{path_of('2026.11')}/1"}


async def test_a_directory_above_both_that_the_executor_does_not_allow_is_told(helper: Helper) -> None:
    make(helper, f"{path_of('2026.11')}/1")
    trash = TrashBin(helper.client, USER, helper.root / "jobs", helper.root.parent / "trash")
    assert "the executor's roots do not allow" in await trash.problem()
    done = await trash.move(closed(), TODAY)
    assert done.moved == ()
    assert "the executor's roots do not allow" in done.failed[0][1]
    assert below(helper.root / "jobs") == {f"{path_of('2026.11')}/1"}


async def test_what_can_be_moved_is_no_problem_and_trying_leaves_nothing(helper: Helper) -> None:
    trash = bin_of(helper)
    assert await trash.problem() == ""
    assert list((helper.root / "trash").iterdir()) == []
    assert list((helper.root / "jobs").iterdir()) == []


def trashed(helper: Helper, *paths: str) -> None:
    for path in paths:
        (helper.root / "trash" / path).mkdir(parents=True)
        (helper.root / "trash" / path / "slurm.out").touch()
    give(helper)


async def test_what_is_old_is_removed_and_what_is_not_stays(helper: Helper) -> None:
    old, edge = "EESSI/software-layer/2026.10.29/2026.10/pr_1.2/7", "group/sub/name/2026.10.30/2026.09/pr_2/8"
    trashed(helper, old, edge)
    assert await bin_of(helper).remove_older(TODAY, 30) == 5
    assert below(helper.root / "trash") == {edge}
    assert await bin_of(helper).remove_older(TODAY, 29) > 0
    assert below(helper.root / "trash") == set()


async def test_zero_days_keep_everything(helper: Helper) -> None:
    trashed(helper, "o/r/2020.01.01/2020.01/pr_1/7")
    assert await bin_of(helper).remove_older(TODAY, 0) == 0
    assert below(helper.root / "trash") == {"o/r/2020.01.01/2020.01/pr_1/7"}


async def test_a_repository_called_like_a_day_is_no_day(helper: Helper) -> None:
    young = "o/sub/2020.01.01/2026.11.28/2026.11/pr_1/7"
    trashed(helper, young, "2020.01.01/2020.01/2026.11.28/2026.11/pr_1/7", "o/r/2020.01.01/notes")
    assert await bin_of(helper).remove_older(TODAY, 30) == 0
    assert young in below(helper.root / "trash")


async def test_a_trash_bin_that_is_not_there_yet_is_empty(helper: Helper) -> None:
    assert await bin_of(helper).remove_older(TODAY, 30) == 0
