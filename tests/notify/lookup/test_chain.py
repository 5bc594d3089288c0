from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from headgate.config.lookup import LookupSettings
from headgate.notify.lookup.chain import LookupChain
from headgate.notify.lookup.found import Failed, Found, NotFound
from headgate.testing.ldap.server import ADMIN_DN, ADMIN_PASSWORD, BASE, LdapServer


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Program:
    """A program that knows people, and writes down whom it was asked for."""

    def __init__(self, directory: Path, people: dict[str, str]) -> None:
        self._log = directory / "asked"
        script = directory / "program.py"
        script.write_text(
            "import json, sys\n"
            f"open({str(self._log)!r}, 'a').write(' '.join(sys.argv[1:]) + '\\n')\n"
            f"people = json.loads({json.dumps(people)!r})\n"
            "if 'broken' in sys.argv: sys.exit(1)\n"
            "print(json.dumps({name: people.get(name) for name in sys.argv[1:]}))\n"
        )
        self.settings = {"argv": [sys.executable, str(script)], "names": 100}

    @property
    def asked(self) -> list[str]:
        return self._log.read_text().splitlines() if self._log.exists() else []


@pytest.fixture
def program(tmp_path: Path) -> Program:
    return Program(tmp_path, {"ada": "ada-by-command", "bob": "bob-by-command"})


def chain(names: Sequence[str], clock: Clock | None = None, **settings: object) -> LookupChain:
    return LookupChain(LookupSettings.model_validate({"chain": names, **settings}), clock=clock or Clock())


async def test_the_first_source_that_knows_a_user_decides(program: Program) -> None:
    looked = chain(["links", "table", "command"], table={"ada": "ada-by-table"}, command=program.settings)
    assert await looked.find(["ada", "bob", "eve"]) == {
        "ada": Found("ada-by-table", "table"),
        "bob": Found("bob-by-command", "command"),
        "eve": NotFound(),
    }
    assert program.asked == ["bob eve"]


async def test_links_alone_find_nobody() -> None:
    assert await chain(["links"]).find(["ada"]) == {"ada": NotFound()}


async def test_all_sources_stand_in_one_chain(program: Program, directory: LdapServer) -> None:
    ldap = {"url": directory.url, "bind_dn": ADMIN_DN, "password": ADMIN_PASSWORD, "base": BASE}
    names = ["gecos", "ldap", "command", "table"]
    looked = chain(names, ldap=ldap, command=program.settings, table={"zoe": "zoe-by-table"}, gecos=9)
    answers = await looked.find(["root", "paul", "ada", "zoe", "nobody-at-all"])
    assert answers["paul"] == Found("paul@example.org", "ldap")
    assert answers["ada"] == Found("ada@example.org", "ldap")
    assert answers["zoe"] == Found("zoe-by-table", "table")
    assert answers["nobody-at-all"] == NotFound()


async def test_a_source_that_fails_lets_no_later_one_speak_and_is_asked_again(program: Program) -> None:
    looked = chain(["command", "table"], command=program.settings, table={"broken": "by-table"})
    for _ in range(2):
        [answer] = (await looked.find(["broken"])).values()
        assert isinstance(answer, Failed)
        assert answer.transient
    assert program.asked == ["broken", "broken"]


async def test_a_failed_source_does_not_matter_to_those_an_earlier_one_knows(program: Program) -> None:
    looked = chain(["table", "command"], command=program.settings, table={"ada": "by-table"})
    answers = await looked.find(["ada", "broken"])
    assert answers["ada"] == Found("by-table", "table")
    assert isinstance(answers["broken"], Failed)


async def test_answers_are_kept_for_a_while_also_that_nobody_is_known(program: Program) -> None:
    clock = Clock()
    looked = chain(["command"], clock, command=program.settings, cache=60)
    first = await looked.find(["ada", "eve"])
    clock.now += 59
    assert await looked.find(["eve", "ada"]) == first
    assert program.asked == ["ada eve"]
    clock.now += 1
    assert await looked.find(["ada"]) == {"ada": Found("ada-by-command", "command")}
    assert program.asked == ["ada eve", "ada"]


async def test_without_a_cache_every_batch_is_asked(program: Program) -> None:
    looked = chain(["command"], command=program.settings, cache=0)
    for _ in range(2):
        await looked.find(["ada"])
    assert program.asked == ["ada", "ada"]


async def test_no_more_answers_are_kept_than_set(program: Program) -> None:
    looked = chain(["command"], command=program.settings, cached=2)
    await looked.find(["ada"])
    await looked.find(["bob"])
    await looked.find(["eve"])
    await looked.find(["bob", "eve", "ada"])
    assert program.asked == ["ada", "bob", "eve", "ada"]


@pytest.mark.parametrize("name", ["", "-o", "--help", "*)(uid=*", "ada@example.org", "a b", "../x", "ADA", "#1", "a\0"])
async def test_nobody_is_asked_for_what_is_no_name_of_an_account(program: Program, name: str) -> None:
    looked = chain(["command", "table"], command=program.settings, table={name: "x"})
    assert await looked.find([name]) == {name: NotFound()}
    assert program.asked == []


async def test_nothing_asked_is_nothing_answered() -> None:
    assert await chain(["table"], table={"ada": "x"}).find([]) == {}
