from __future__ import annotations

import pytest
from pydantic import SecretStr

from headgate.builds.forge.interface import ForbiddenError, ForgeError
from headgate.builds.permissions import Permission, Right, has_right, permitted
from headgate.config.builds import BuildSettings, GitLabSettings, PermissionSettings
from headgate.model.pull_request import Repository

REPOSITORY = Repository("github", "EESSI/software-layer")


class Teams:
    """Teams of a forge, and whom it was asked about."""

    def __init__(self, members: dict[tuple[str, str], set[str]], error: ForgeError | None = None) -> None:
        self.members = members
        self.error = error
        self.asked: list[tuple[str, str, str]] = []

    async def __call__(self, organisation: str, team: str, login: str) -> bool:
        self.asked.append((organisation, team, login))
        if self.error:
            raise self.error
        return login in self.members.get((organisation, team), set())


async def may(who: tuple[str, ...], login: str, teams: Teams | None = None) -> Permission:
    return await has_right(who, login, author="ann", in_team=teams or Teams({}))


async def test_an_empty_list_means_nobody() -> None:
    assert await may((), "ann") == Permission(granted=False)


async def test_logins_are_compared_as_the_forge_does() -> None:
    assert await may(("Bob",), "bob") == Permission(granted=True, because="Bob")
    assert not (await may(("bob",), "bobby")).granted


async def test_the_author_of_the_pull_request_may_where_the_list_says_so() -> None:
    assert await may(("author",), "Ann") == Permission(granted=True, because="author")
    assert not (await may(("author",), "bob")).granted
    assert not (await may(("bob",), "ann")).granted


async def test_an_account_called_author_is_not_the_author() -> None:
    assert not (await may(("author",), "author")).granted


async def test_somebody_without_a_name_may_nothing() -> None:
    assert not (await has_right(("author", ""), "", author="", in_team=Teams({}))).granted


async def test_members_of_a_team_may() -> None:
    teams = Teams({("EESSI", "builders"): {"cleo"}})
    assert await may(("team:EESSI/builders",), "cleo", teams) == Permission(granted=True, because="team:EESSI/builders")
    assert not (await may(("team:EESSI/builders",), "bob", teams)).granted


async def test_a_group_within_a_group_is_named_by_its_path() -> None:
    teams = Teams({("top/below", "builders"): {"cleo"}})
    assert (await may(("team:top/below/builders",), "cleo", teams)).granted


async def test_no_forge_is_asked_about_somebody_who_is_named() -> None:
    teams = Teams({})
    assert (await may(("team:EESSI/builders", "bob"), "bob", teams)).granted
    assert teams.asked == []


async def test_a_team_that_we_may_not_look_into_grants_nothing_and_is_named() -> None:
    teams = Teams({}, ForbiddenError("the App lacks the permission Members"))
    found = await may(("team:EESSI/builders",), "bob", teams)
    assert found == Permission(granted=False, because="team:EESSI/builders: the App lacks the permission Members")


async def test_a_forge_that_does_not_answer_is_no_answer() -> None:
    with pytest.raises(ForgeError):
        await may(("team:EESSI/builders",), "bob", Teams({}, ForgeError("down", retry_after=5)))


SETTINGS = BuildSettings(
    forges={"gitlab": GitLabSettings(kind="gitlab", token=SecretStr("t"), webhook_secret=SecretStr("s"))},
    permissions=PermissionSettings(command=("ann",), build=("ann",), deploy=("boss",)),
    repositories={
        "eessi/Software-Layer": PermissionSettings(build=("bob",), deploy=()),
        "gitlab:EESSI/software-layer": PermissionSettings(build=("zoe",)),
    },
)


def test_a_repository_says_who_may_and_only_where_it_says_something() -> None:
    assert permitted(SETTINGS, REPOSITORY, Right.BUILD) == ("bob",)
    assert permitted(SETTINGS, REPOSITORY, Right.COMMAND) == ("ann",)
    assert permitted(SETTINGS, Repository("github", "a/b"), Right.BUILD) == ("ann",)


def test_a_repository_may_say_nobody() -> None:
    assert permitted(SETTINGS, REPOSITORY, Right.DEPLOY) == ()


def test_a_repository_of_the_same_name_on_another_forge_has_its_own_rules() -> None:
    assert permitted(SETTINGS, Repository("gitlab", "EESSI/software-layer"), Right.BUILD) == ("zoe",)
