"""Builds at GitLab from end to end: notes, webhooks, catching up, and git over HTTP with the token."""

from __future__ import annotations

import base64
import subprocess
from pathlib import Path

import httpx2

from headgate.builds.checkout.git import Git
from headgate.model.build import JobPhase
from headgate.model.pull_request import Repository
from headgate.store.store import Store
from tests.builds.bench import BUILD, table
from tests.builds.gitlab_place import OTHER, SOFTWARE, GitLabPlace, at_gitlab

THROUGH = ["submitted", "released", "running", "finished", "test result"]


def mirrored(directory: Path, project: str) -> str:
    """Return the commit that was fetched from where GitLab keeps the head of a merge request."""
    mirror = directory / "mirrors" / "lab" / f"{project}.git"
    words = ["git", f"--git-dir={mirror}", "rev-parse", "refs/headgate/7/head"]
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout.strip()


def password(token: str) -> str:
    """Return a token as git shows it: as the password of anybody."""
    return base64.b64encode(f"anybody:{token}".encode()).decode()


def differences(place: GitLabPlace) -> dict[str, str]:
    """Return what each job was given to build, by its project."""
    return {
        path.relative_to(place.slurm.root).as_posix(): path.read_text()
        for path in place.slurm.root.rglob("run_000/7.diff")
    }


async def test_a_note_is_answered_and_what_it_asks_for_is_built(store: Store, tmp_path: Path) -> None:
    async with at_gitlab(store, tmp_path, commit_states=True) as place:
        said = await place.say(BUILD)
        assert [name for name, _ in said.emoji] == ["eyes", "rocket"]
        [job] = await place.jobs()
        assert (job.phase, job.job_id, job.commit) == (JobPhase.QUEUED, 4711, place.request.sha)
        assert (job.repository.path, job.number) == (SOFTWARE, 7)
        assert mirrored(tmp_path, SOFTWARE) == place.request.sha
        [difference] = differences(place).values()
        assert f"+{SOFTWARE}\n" in difference
        answer, told = place.bodies()
        assert "submitted job `4711`" in answer
        assert f"{place.gitlab.url}/{SOFTWARE}/-/merge_requests/7#note_{job.comment_id}" in answer
        assert table(told) == THROUGH[:2]
        await place.through(4711)
        assert [table(body) for body in place.bodies()] == [[], THROUGH]
        states = [(one["sha"], one["state"]) for one in place.gitlab.statuses]
        assert states == [(place.request.sha, "pending"), (place.request.sha, "success")]
        await place.look()  # what webhooks told is found as well, and not done again
        await place.go()
        assert len(place.bodies()) == 2
        assert place.bodies(place.other) == []


async def test_status_and_cancel_are_done_in_the_merge_request(store: Store, tmp_path: Path) -> None:
    async with at_gitlab(store, tmp_path) as place:
        await place.say(BUILD)
        await place.say("bot: status")
        assert "This is the status of all the `bot: build` commands:" in place.bodies()[-1]
        assert "|released|" in place.bodies()[-1]
        refused = await place.say("bot: cancel jobid:4711", by="ben")
        assert "NO permission to cancel job `4711`" in place.bodies()[-1]
        assert [name for name, _ in refused.emoji] == ["eyes", "confused"]
        assert place.slurm.jobs[4711].cancelled == 0
        await place.say("bot: cancel jobid:4711")
        assert place.slurm.jobs[4711].cancelled == 1
        await place.slurm.ends(store, 4711, "CANCELLED", result=None, test=None)
        await place.go()
        await place.go(60)
        assert place.bodies()[1].endswith("|finished|job id `4711` was cancelled|")


async def test_without_a_webhook_the_note_is_found(store: Store, tmp_path: Path) -> None:
    async with at_gitlab(store, tmp_path) as place:
        place.gitlab.webhook_url = ""
        said = await place.say(BUILD)
        assert said.emoji == []
        assert await place.jobs() == []
        await place.look()
        await place.go()
        assert [name for name, _ in said.emoji] == ["eyes", "rocket"]
        await place.through(4711)
        assert [table(body) for body in place.bodies()] == [[], THROUGH]
        place.gitlab.advance(300)
        await place.look()
        await place.go()
        assert len(await place.jobs()) == 1
        assert len(place.bodies()) == 2


async def test_two_merge_requests_of_one_number_have_nothing_in_common(store: Store, tmp_path: Path) -> None:
    async with at_gitlab(store, tmp_path) as place:
        await place.say(BUILD)
        await place.say(BUILD, request=place.other)
        one, other = await place.jobs()
        assert [(job.repository.path, job.job_id) for job in (one, other)] == [(SOFTWARE, 4711), (OTHER, 4712)]
        assert [job.commit for job in (one, other)] == [place.request.sha, place.other.sha]
        assert place.request.sha != place.other.sha
        given = differences(place)
        assert len(given) == 2
        for path, difference in given.items():
            project = next(own for own in (SOFTWARE, OTHER) if f"/{own}/pr_7/" in path)
            assert f"+{project}\n" in difference
        await place.through(4712)
        assert table(place.bodies()[1]) == THROUGH[:2]
        assert table(place.bodies(place.other)[1]) == THROUGH
        await place.say("bot: cancel jobid:4711", request=place.other)
        assert "there is no job `4711` of this pull request that is not over" in place.bodies(place.other)[-1]
        assert place.slurm.jobs[4711].cancelled == 0


async def test_a_note_that_was_deleted_is_made_anew(store: Store, tmp_path: Path) -> None:
    async with at_gitlab(store, tmp_path) as place:
        await place.say(BUILD)
        [job] = await place.jobs()
        assert job.comment_id is not None
        place.gitlab.delete_note(place.request, job.comment_id)
        assert len(place.bodies()) == 1
        await place.through(4711)
        assert [table(body) for body in place.bodies()] == [[], THROUGH]
        [after] = await place.jobs()
        assert after.comment_id not in (None, job.comment_id)


async def test_a_token_that_may_not_fetch_is_told_of_and_not_shown(store: Store, tmp_path: Path) -> None:
    async with at_gitlab(store, tmp_path) as place:
        place.gitlab.role = 10
        await place.say(BUILD)
        assert place.slurm.jobs == {}
        for _ in range(40):
            await place.go(600)
        [answer] = place.bodies()
        assert "The repository cannot be fetched." in answer
        assert place.gitlab.token not in answer


async def test_git_is_shown_a_repository_with_the_token_alone(store: Store, tmp_path: Path) -> None:
    async with at_gitlab(store, tmp_path) as place:
        source = await place.forge.clone_source(Repository("lab", SOFTWARE))
        bare = place.origins[SOFTWARE].bare  # git runs in some repository, which is not asked
        shown = await Git(bare, 60.0, environment=source.environment, protocol="http").run("ls-remote", source.url)
        assert f"{place.request.sha}\trefs/merge-requests/7/head" in shown.splitlines()
        for header in ("", "Authorization: Bearer glpat-made-up", f"Authorization: Basic {password('another')}"):
            given = {**source.environment, "GIT_CONFIG_VALUE_0": header}
            git = Git(bare, 60.0, environment=given, protocol="http")
            assert (await git.ask("ls-remote", source.url)).code != 0, header
        given = {**source.environment, "GIT_CONFIG_VALUE_0": f"Authorization: Basic {password(place.gitlab.token)}"}
        assert (await Git(bare, 60.0, environment=given, protocol="http").ask("ls-remote", source.url)).code == 0


async def test_git_gets_no_objects_without_the_token(store: Store, tmp_path: Path) -> None:
    async with at_gitlab(store, tmp_path) as place, httpx2.AsyncClient(trust_env=False) as client:
        for project in (SOFTWARE, "site/nothing"):
            where = f"{place.gitlab.url}/{project}.git"
            asked = await client.get(f"{where}/info/refs", params={"service": "git-upload-pack"})
            posted = await client.post(f"{where}/git-upload-pack", content=b"0000")
            assert [one.status_code for one in (asked, posted)] == [401, 401]
            assert asked.headers["WWW-Authenticate"] == 'Basic realm="GitLab"'
