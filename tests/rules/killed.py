"""An engine in a process of its own, to be killed: ``killed.py STORE RULES LOG DIES``.

Its actions write down when they begin and when they have done it. ``DIES`` says where it kills itself, once: at the
beginning of a named step (``begin two``) or when it was done and nobody wrote it down yet (``end two``). It ends when
nothing is left to do.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import Any

from pydantic import Field
from sqlalchemy import Connection

from headgate.actions.action import Action, Call, Parameters, action
from headgate.actions.catalogue import Catalogue
from headgate.actions.context import Context
from headgate.actions.registry import Actions
from headgate.model.role import Role
from headgate.rules.engine import EngineSettings, RuleEngine
from headgate.rules.matching import Names
from headgate.store.executions import ExecutionFilter, find
from headgate.store.store import Store


class Write(Parameters):
    """Parameters of both actions."""

    word: str = Field(description="What to write.")


def actions_of(log: Path, dies: str) -> list[Action[Any, Any]]:
    """Make an action that may be repeated and one that may not."""

    def write(line: str) -> None:
        with log.open("a") as file:
            file.write(f"{line}\n")
            file.flush()
            os.fsync(file.fileno())
        if line == dies and log.read_text().split("\n").count(dies) == 1:
            os.kill(os.getpid(), signal.SIGKILL)

    async def work(asked: Write, call: Call) -> str:
        """Write when it begins and when it is done."""
        del call
        write(f"begin {asked.word}")
        await asyncio.sleep(0.002)
        write(f"end {asked.word}")
        return asked.word

    again = action("write.again", role=Role.OPERATOR, mutating=True)
    once = action("write.once", role=Role.OPERATOR, mutating=True, repeatable=False)
    return [again(work), once(work)]


def is_left(connection: Connection) -> bool:
    """Say whether there are executions that go on by themselves."""
    open_ = find(connection, ExecutionFilter(open=True), limit=1000)
    return any(one.state.value != "asking" for one in open_)


async def main() -> None:
    """Run until nothing is left to do."""
    url, directory, log, dies = sys.argv[1:]
    store = Store(url)
    actions = Actions(Context(store), Catalogue(actions_of(Path(log), dies)))
    settings = EngineSettings(Path(directory), library=None, settle=0, poll=0.05, concurrency=1)
    engine = RuleEngine(store, actions, settings, Names({}, {}))
    more = True
    while more or await store.read(is_left):
        more = await engine.turn()
        await engine.rest()
    store.close()


if __name__ == "__main__":
    asyncio.run(main())
