from __future__ import annotations

import pwd
import threading

import pytest

from headgate.notify.lookup import gecos
from headgate.notify.lookup.found import Failed, Found, NotFound
from headgate.notify.lookup.gecos import Gecos, part_of


async def test_the_gecos_field_of_an_account_of_this_machine_is_found() -> None:
    described = next(entry for entry in pwd.getpwall() if entry.pw_gecos.strip(" ,"))
    answers = await Gecos("whole").find([described.pw_name, "no-such-account-here"])
    assert answers[described.pw_name] == Found(described.pw_gecos.strip(" "), "gecos")
    assert answers["no-such-account-here"] == NotFound()


@pytest.mark.parametrize(
    ("part", "text"), [("whole", "Ada L,Room 1,,U123"), (1, "Ada L"), (2, "Room 1"), (3, ""), (4, "U123"), (5, "")]
)
def test_a_part_is_taken_between_commas(part: str | int, text: str) -> None:
    assert part_of("Ada L,Room 1,,U123", part) == text


async def test_what_slow_name_services_said_in_time_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    release = threading.Event()

    def slow(name: str) -> str | None:
        if name == "ben":
            release.wait()
        return name.title()

    monkeypatch.setattr(gecos, "_gecos", slow)
    answers = await Gecos("whole", seconds=0.5).find(["ada", "ben", "cyd"])
    release.set()
    assert answers["ada"] == Found("Ada", "gecos")
    assert isinstance(answers["ben"], Failed)
    assert isinstance(answers["cyd"], Failed)


async def test_name_services_that_hang_are_a_failure_and_hold_two_threads_at_most(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    release, asked = threading.Event(), []

    def hang(name: str) -> str | None:
        asked.append(name)
        release.wait()
        return "Ada"

    monkeypatch.setattr(gecos, "_gecos", hang)
    source = Gecos("whole", seconds=0.1)
    for _ in range(4):
        answer = (await source.find(["ada"]))["ada"]
        assert isinstance(answer, Failed)
        assert answer.transient
    assert len(asked) == 2
    release.set()
    while not isinstance((await source.find(["ada"]))["ada"], Found):
        pass
