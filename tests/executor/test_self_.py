"""Headgate run by one person: no root anywhere."""

from __future__ import annotations

import json
import os
import pwd
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from headgate.executor.self_ import configuration
from headgate.testing.cluster.accounts import ensure_users
from tests.executor.conftest import OTHER, USER, gone, until

SOURCES = Path(__file__).parents[2] / "src"
PROGRAM = f"""
import asyncio, json, os, sys
sys.path.insert(0, {str(SOURCES)!r})
from pathlib import Path
from headgate.executor.interface import Place
from headgate.executor.refusal import RefusedError
from headgate.executor.self_ import acting_as_oneself

async def main():
    async with acting_as_oneself(["/usr"]) as actor:
        me = await actor.ping({USER!r})
        children = open(f"/proc/self/task/{{os.getpid()}}/children").read().split()
        try:
            await actor.ping({OTHER!r})
        except RefusedError as error:
            other = error.error
        listed = await actor.list({USER!r}, Place("/usr", ""))
        said = dict(uid=me.uid, other=other, helper=int(children[0]), listed=[entry.name for entry in listed.entries])
        print(json.dumps(said), flush=True)
        if "stay" in sys.argv:
            await asyncio.sleep(1000)

asyncio.run(main())
"""


def started(*words: str) -> subprocess.Popen[str]:
    if os.geteuid() != 0:
        pytest.skip("the tests become somebody without root")
    ensure_users()
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, *words],
        user=USER,
        group=USER,
        extra_groups=[],
        cwd="/",
        stdout=subprocess.PIPE,
        text=True,
        env={"PATH": "/usr/bin:/bin", "HOME": f"/home/{USER}"},
    )


def test_one_acts_for_oneself_and_nobody_else() -> None:
    process = started()
    output, _ = process.communicate(timeout=60)
    said = json.loads(output)
    assert process.returncode == 0
    assert (said["uid"], said["other"]) == (pwd.getpwnam(USER).pw_uid, "user")
    assert "bin" in said["listed"]
    assert gone(said["helper"])


def test_the_helper_ends_when_headgate_is_killed() -> None:
    process = started("stay")
    assert process.stdout
    helper = json.loads(process.stdout.readline())["helper"]
    assert not gone(helper)
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=20)
    until(lambda: gone(helper))


def test_a_path_that_would_be_another_setting_is_refused() -> None:
    with pytest.raises(ValueError, match="white space"):
        configuration(["/a\nmin_uid = 1"], Path("/usr/bin"))
