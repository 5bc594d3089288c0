"""Approval in a service that really runs: a rule asks in a group chat, buttons are pressed there, and it goes on."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from headgate.events.journal import Journal
from headgate.model.event import Event, EventKind, Source
from headgate.store import audit, executions, links
from headgate.store.audit import AuditFilter
from headgate.store.executions import Execution
from headgate.store.migrate import migrate
from headgate.store.store import Store
from headgate.testing.slurm import FakeSlurm
from tests.service.chats.chat import PATIENCE, Said, Someone
from tests.service.chats.slack import SlackPerson, open_slack
from tests.service.chats.telegram import TelegramSomeone, open_telegram
from tests.service.running import RunningHeadgate

MAY, MAY_NOT = "daemon", "bin"
RULE = """\
name: mark
pack: site
enabled: true
trigger: {{type: node.drained}}
action: {{ref: command.run, parameters: {{command: mark, arguments: {{node: "{{{{ trigger.node }}}}"}}}}}}
headgate: {{approval: {{ask: ["{to}"]}}}}
"""


class Office:
    """A service with a rule that asks in the group of a chat."""

    def __init__(self, directory: Path, store: Store, service: RunningHeadgate) -> None:
        self.directory = directory
        self.store = store
        self.service = service

    async def joins(self, chat: Any, user: str) -> Someone:
        """Return somebody who has linked a chat."""
        person: Someone = await chat.arrives()
        code = await self.store.write(lambda c: links.issue(c, user, chat.name, now=time.time(), lifetime=600))
        assert "linked to the account" in (await person.ask(f"link {code}")).text
        return person

    async def drained(self, node: str, to: str) -> None:
        """Have a node drained, and a rule that asks somebody about it."""
        (self.directory / "rules.d" / "mark.yaml").write_text(RULE.format(to=to))
        async with asyncio.timeout(PATIENCE):
            while self.service.events("rules.read") < 2:
                await asyncio.sleep(0.05)
        fact = Event(
            f"drained {node}", EventKind.NODE_DRAINED, time.time(), f"node {node}", Source.WATCHER, "test",
            data={"node": node},
        )  # fmt: skip
        await self.store.write(lambda c: Journal().append(c, [fact]))

    async def execution(self) -> Execution:
        """Return the one execution."""
        [one] = await self.store.read(lambda c: executions.find(c, executions.ExecutionFilter(), limit=9))
        return one

    async def over(self) -> Execution:
        """Return the execution once it is over."""
        async with asyncio.timeout(PATIENCE):
            while not (one := await self.execution()).state.over:
                await asyncio.sleep(0.05)
        return one


@pytest.fixture(params=["slack", "telegram"])
async def office(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[tuple[Office, Any]]:
    async with AsyncExitStack() as stack:
        opened = open_slack() if request.param == "slack" else open_telegram()
        chat = await stack.enter_async_context(opened)
        fake = FakeSlurm(tmp_path / "slurm", cluster="test")
        url = f"sqlite:///{tmp_path}/headgate.db"
        store = Store(url)
        stack.callback(store.close)
        await asyncio.to_thread(migrate, store)
        (tmp_path / "rules.d").mkdir()
        connector = chat.table()
        bot = connector.pop("bot") | {"commands": ["approve", "refuse"]}
        tables = {
            "store": {"url": url},
            "spool": {"path": str(tmp_path)},
            "slurm": {"cluster": "test", "bin": str(fake.bin)},
            "rules": {"directory": str(tmp_path / "rules.d")},
            "roles.operator": {"users": [MAY]},
            "roles.viewer": {"users": [MAY_NOT]},
            "actions.commands.mark": {"argv": ["/usr/bin/ln", "-s", "{node}", f"{tmp_path}/mark"]},
            "actions.commands.mark.parameters.node": {},
            "service": {"listen": "127.0.0.1:0", "parts": ["worker", "bots", "rules"], "stop_deadline": 5.0},
            f"connectors.{chat.name}": connector,
            f"connectors.{chat.name}.bot": bot,
        }
        service = RunningHeadgate(tmp_path, tables)
        await stack.enter_async_context(service)
        yield Office(tmp_path, store, service), chat
        assert await service.stop() == 0
        assert [line for line in service.lines() if line["level"] in ("error", "critical")] == []


async def presses(person: Someone, said: Said, command: str) -> None:
    """Press a button of a message in the group."""
    assert command in said.buttons
    if isinstance(person, SlackPerson):
        await person.fake.press(person.place, command, channel=person.group)
    else:
        assert isinstance(person, TelegramSomeone)
        await person.press(said, command)


@pytest.mark.parametrize(
    ("verb", "done", "state"), [("approve", "approved", "done"), ("refuse", "refused", "cancelled")]
)
async def test_who_has_the_role_decides_by_a_button_in_the_group_where_it_was_asked(
    office: tuple[Office, Any], verb: str, done: str, state: str
) -> None:
    here, chat = office
    may, may_not, stranger = await here.joins(chat, MAY), await here.joins(chat, MAY_NOT), await chat.arrives()
    await here.drained("n4", f"{chat.name}:{may.group}")
    asked = await may.hears_among(1)
    execution = await here.execution()
    number = execution.id
    assert execution.state.value == "approval"
    assert f"site.mark wants approval (execution {number})" in asked.text
    assert 'command.run command=mark arguments={"node": "n4"}' in asked.text
    assert asked.buttons == (f"approve {number}", f"refuse {number}")

    for nobody in (may_not, stranger):
        await presses(nobody, asked, f"{verb} {number}")
    async with asyncio.timeout(PATIENCE):
        while await here.store.read(lambda c: len(audit.find(c, AuditFilter(via=f"bot {chat.name}"), limit=99))) < 4:
            await asyncio.sleep(0.05)
    assert (await here.execution()).state.value == "approval"
    assert not (here.directory / "mark").is_symlink()

    await presses(may, asked, f"{verb} {number}")
    ended = await here.over()
    assert (ended.state.value, (here.directory / "mark").is_symlink()) == (state, verb == "approve")
    assert ended.approved_by == (MAY if verb == "approve" else None)
    async with asyncio.timeout(PATIENCE):
        while not [one for one in await may.heard_among() if f"is {done} by" in one.text]:
            await asyncio.sleep(0.05)

    late = await may.ask(f"approve {number}")
    assert f"execution {number} waits for nobody's approval" in late.text
    entries = await here.store.read(lambda c: audit.find(c, AuditFilter(via=f"bot {chat.name}"), limit=99))
    told = [(one.user, one.action, one.outcome) for one in entries if one.action != "link"]
    assert sorted(told[:2]) == [("", verb, "refused"), (MAY_NOT, f"execution.{verb}", "refused")]
    assert told[2:] == [(MAY, f"execution.{verb}", "done"), (MAY, "execution.approve", "refused")]
