from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import pytest

from headgate.config.lookup import CommandSettings
from headgate.notify.lookup.command import MAX_OUTPUT, Command, read
from headgate.notify.lookup.found import Failed, Found, NotFound


def program(directory: Path, text: str, **settings: object) -> Command:
    """Return a source that runs this Python program."""
    script = directory / "program.py"
    script.write_text(text)
    return Command(CommandSettings.model_validate({"argv": [sys.executable, str(script)], "timeout": 20, **settings}))


async def test_a_program_is_asked_for_one_name_after_its_own_arguments(tmp_path: Path) -> None:
    command = program(tmp_path, "import json, sys; print(json.dumps({'target': '/'.join(sys.argv[1:])}))")
    assert await command.find(["ada", "bob"]) == {"ada": Found("ada", "command"), "bob": Found("bob", "command")}


async def test_a_program_may_be_asked_for_many_names_in_one_run(tmp_path: Path) -> None:
    text = "import json, os, sys; print(json.dumps({name: f'{os.getpid()}' for name in sys.argv[1:] if name != 'x'}))"
    answers = await program(tmp_path, text, names=50).find(["ada", "bob", "x"])
    assert isinstance(answers["ada"], Found)
    assert answers["ada"] == answers["bob"]
    assert answers["x"] == NotFound()


async def test_a_program_has_the_chosen_environment_and_nothing_on_its_input(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEADGATE_SECRET", "of-the-service")
    text = "import json, os, sys; print(json.dumps({'target': sys.stdin.read() + ' '.join(sorted(os.environ))}))"
    [answer] = (await program(tmp_path, text, environment={"WHERE": "x"}).find(["ada"])).values()
    assert isinstance(answer, Found)
    assert set(answer.target.split()) - {"LC_CTYPE"} == {"LANG", "PATH", "WHERE"}


async def test_words_are_no_shell(tmp_path: Path) -> None:
    script = tmp_path / "program.py"
    script.write_text("import json, sys; print(json.dumps({'target': sys.argv[1]}))")
    settings = CommandSettings(argv=(sys.executable, str(script), "$(id); {user} `id`"))
    assert await Command(settings).find(["ada"]) == {"ada": Found("$(id); {user} `id`", "command")}


@pytest.mark.parametrize(
    ("text", "why", "transient"),
    [
        ("print('ada: U1')", "not JSON", False),
        ("print('[1]')", "no JSON object", False),
        ("print('[' * 100000)", "not JSON", False),
        ('print(\'{"root": "U1"}\')', "'root'", False),
        ('print(\'{"target": "a\\\\u0000b"}\')', "control characters", False),
        ('print(\'{"target": ["a", "b"]}\')', "a list", False),
        ("print('{\"target\": \"' + 'x' * 2000 + '\"}')", "2000 characters", False),
        (f"print('x' * {MAX_OUTPUT + 1})", "more than", False),
        ("import sys; print('the database is away', file=sys.stderr); sys.exit(3)", "database is away", True),
        ("import os; os.kill(os.getpid(), 9)", "status -9", True),
    ],
    ids=["text", "list", "deep", "another", "controls", "several", "long", "endless", "exit", "killed"],
)
async def test_what_cannot_be_used_is_a_failure_with_the_reason(
    tmp_path: Path, text: str, why: str, transient: bool
) -> None:
    [answer] = (await program(tmp_path, text).find(["ada"])).values()
    assert isinstance(answer, Failed)
    assert why in answer.detail
    assert answer.transient is transient


async def test_a_program_that_takes_too_long_is_killed_with_its_children(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    text = (
        "import os, subprocess, time\n"
        "child = subprocess.Popen(['/bin/sleep', '600'])\n"
        f"open({str(pids)!r}, 'w').write(f'{{os.getpid()}} {{child.pid}}')\n"
        "time.sleep(600)\n"
    )
    [answer] = (await program(tmp_path, text, timeout=4).find(["ada"])).values()
    assert isinstance(answer, Failed)
    assert answer.transient
    deadline = time.monotonic() + 10
    while any(_runs(int(pid)) for pid in pids.read_text().split()):
        assert time.monotonic() < deadline


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


async def test_a_program_that_hangs_holds_up_a_large_batch_for_a_few_time_outs_only(tmp_path: Path) -> None:
    asked = tmp_path / "asked"
    text = f"import sys, time; open({str(asked)!r}, 'a').write(sys.argv[1] + chr(10)); time.sleep(600)"
    names = [f"user{number}" for number in range(200)]
    answers = await program(tmp_path, text, timeout=0.5).find(names)
    assert set(answers) == set(names)
    assert all(isinstance(answer, Failed) and answer.transient for answer in answers.values())
    assert len(asked.read_text().splitlines()) <= 16


async def test_a_program_that_is_not_there_is_a_failure(tmp_path: Path) -> None:
    settings = CommandSettings(argv=(str(tmp_path / "missing"),))
    [answer] = (await Command(settings).find(["ada"])).values()
    assert isinstance(answer, Failed)
    assert "cannot be started" in answer.detail


async def test_what_a_program_complains_of_shows_no_secret_it_was_given(tmp_path: Path) -> None:
    text = "import os, sys; print('bad token', os.environ['TOKEN'], file=sys.stderr); sys.exit(1)"
    [answer] = (await program(tmp_path, text, environment={"TOKEN": "a-secret-token"}).find(["ada"])).values()
    assert isinstance(answer, Failed)
    assert "bad token [hidden]" in answer.detail


def test_a_name_left_out_or_null_or_empty_is_not_known() -> None:
    text = json.dumps({"ada": "U1", "bob": None, "eve": ""})
    answers = read(text, ["ada", "bob", "eve", "x"])
    assert answers == {"ada": Found("U1", "command"), "bob": NotFound(), "eve": NotFound(), "x": NotFound()}


def test_one_name_may_be_answered_by_target_or_by_a_map_or_by_nothing() -> None:
    assert read('{"target": 17}', ["ada"]) == {"ada": Found("17", "command")}
    assert read('{"ada": "U1"}', ["ada"]) == {"ada": Found("U1", "command")}
    assert read("{}", ["ada"]) == {"ada": NotFound()}
