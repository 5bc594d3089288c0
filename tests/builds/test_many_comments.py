"""A pull request with four hundred comments costs no more than another one."""

from __future__ import annotations

from pathlib import Path

from headgate.store.store import Store
from tests.builds.bench import BUILD, table
from tests.builds.github_place import GitHubPlace, at_github
from tests.builds.incoming.signing import MODULES, needs_samples

pytestmark = needs_samples
ISSUE = "/repos/{owner}/{repo}/issues"
REACT = f"POST {ISSUE}/comments/{{comment_id}}/reactions"
ANSWER = f"POST {ISSUE}/{{issue_number}}/comments"
READ, EDIT = f"GET {ISSUE}/comments/{{comment_id}}", f"PATCH {ISSUE}/comments/{{comment_id}}"
PULL = "GET /repos/{owner}/{repo}/pulls/{pull_number}"
OURSELVES = "GET /app"
INSTALLED = "GET /repos/{owner}/{repo}/installation"
NEWS = f"GET {ISSUE}/comments"
MANY = 400


def talk(place: GitHubPlace) -> None:
    """Have people write four hundred comments."""
    for number in range(MANY):
        place.github.world.add_comment(place.pull, "ben", f"remark {number}")


async def test_a_command_is_answered_without_reading_what_others_wrote(store: Store, tmp_path: Path) -> None:
    async with at_github(store, tmp_path, MODULES) as place:
        talk(place)
        before = len(place.github.calls)
        said = await place.github.say(place.pull, "ada", "bot: help")
        await place.go()
        [answer] = place.bodies()
        assert "bot: help" in answer
        assert [what for what, _ in said.reactions] == ["eyes", "rocket"]
        assert place.calls(before) == {OURSELVES: 1, INSTALLED: 1, PULL: 1, REACT: 2, ANSWER: 1, EDIT: 1}


async def test_a_job_is_told_of_without_reading_what_others_wrote(store: Store, tmp_path: Path) -> None:
    async with at_github(store, tmp_path, MODULES) as place:
        talk(place)
        before = len(place.github.calls)
        await place.github.say(place.pull, "ada", BUILD)
        await place.go()
        await place.through(4711)
        told = place.bodies()[-1]
        assert table(told) == ["submitted", "released", "running", "finished", "test result"]
        calls = place.calls(before)
        # Two comments are made: the answer and the job's. The answer is written again once, the other thrice.
        assert calls == {OURSELVES: 1, INSTALLED: 1, PULL: 1, REACT: 2, ANSWER: 2, READ: 3, EDIT: 4}


async def test_a_command_behind_four_hundred_comments_is_found_without_webhooks(store: Store, tmp_path: Path) -> None:
    async with at_github(store, tmp_path, MODULES) as place:
        place.github.webhook_url = ""
        talk(place)
        await place.github.say(place.pull, "ada", "bot: help")
        before = len(place.github.calls)
        await place.look()
        await place.go()
        assert len(place.bodies()) == 1
        found = [call for call in place.github.calls[before:] if f"{call.method} {call.path}" == NEWS]
        assert ["&page=5" in call.url for call in found] == [False] * 4 + [True]  # four are full, the fifth is the last
        place.github.world.advance(300)
        await place.look()  # as each look, it goes back two minutes behind the one before
        place.github.world.advance(300)
        before = len(place.github.calls)
        await place.look()
        assert place.calls(before)[NEWS] == 1  # what was read is not read for ever
        assert len(place.bodies()) == 1
