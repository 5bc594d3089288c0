"""Bots in a service that really runs: chats, links, jobs, mails and the local socket together.

Discord's own library cannot be led to another gateway by settings: its bot is in ``test_discord_running.py``.
"""

from __future__ import annotations

import asyncio
import json
import re
import shlex
import signal
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import pytest_asyncio

from headgate.model.person import Preferences
from headgate.store import deliveries, people
from headgate.store.deliveries import DeliveryFilter
from headgate.store.migrate import migrate
from headgate.store.store import Store
from headgate.testing.matrix.synapse import PROGRAM
from headgate.testing.postgresql import PostgresServer
from headgate.testing.slack.workspace import APP_TOKEN, BOT_TOKEN
from headgate.testing.slurm import FakeSlurm
from tests.service.bot_site import MINE, NAMES, OTHERS, STRICT, Site, running_site, tables
from tests.service.chats.chat import PATIENCE
from tests.service.chats.telegram import open_telegram
from tests.service.running import RunningHeadgate

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def site() -> AsyncIterator[Site]:
    if not PROGRAM.exists():
        pytest.skip("Synapse (the test tools) is not installed")
    async with running_site() as made:
        yield made


@pytest.mark.parametrize("name", NAMES)
async def test_a_stranger_is_told_how_to_get_messages_and_the_line_works(site: Site, name: str) -> None:
    stranger = await site.chats[name].arrives()
    helped = await stranger.ask("help")
    assert stranger.receiver(name) in helped.lines
    job = 6000 + NAMES.index(name)
    (option,) = shlex.split(stranger.receiver(name))
    await site.mail(job, OTHERS, option.removeprefix("--mail-user="))
    told = await stranger.hears(len(await stranger.heard()) + 1)
    assert str(job) in told.text
    assert (await site.delivery(job)).target == stranger.place


@pytest.mark.parametrize("name", NAMES)
async def test_a_stranger_learns_nothing(site: Site, name: str) -> None:
    await site.has_job(7900, MINE)
    stranger = await site.chats[name].arrives()
    for asked in ("jobs", "job 7900", "output 7900", "cancel 7900", "cancel 7900 yes abcd", "mute 2h", "unlink"):
        said = await stranger.ask(asked)
        assert f"Run headgate me link {name} on the cluster" in said.text
        assert "7900" not in said.text
        assert MINE not in said.text
    assert "7900" not in " ".join(site.slurm.calls("scancel"))


@pytest.mark.parametrize("name", NAMES)
async def test_who_has_linked_a_chat_is_answered_about_their_own_jobs_only(site: Site, name: str) -> None:
    mine, others = site.job(name), 8000 + NAMES.index(name)
    await site.has_job(mine, MINE)
    await site.has_job(others, OTHERS)
    say = await site.code(MINE, name)
    person, thief = await site.chats[name].arrives(), await site.chats[name].arrives()
    linked = await person.ask(say)
    assert f"linked to the account {MINE} now" in linked.text
    assert f"--mail-user={name}" in linked.lines
    for again in (person, thief):
        assert "This code is not good" in (await again.ask(say)).text
    site.linked[name] = person

    listed = await person.ask("jobs")
    assert re.search(rf"^{mine} +RUNNING", listed.text, re.MULTILINE)
    assert str(others) not in listed.text
    assert f"Job {mine} is RUNNING." in (await person.ask(f"job {mine}")).text
    assert "I do not know your account" in (await thief.ask(f"job {mine}")).text
    for refused in (f"job {others}", f"output {others}", f"cancel {others}", f"cancel {others} yes abcd"):
        assert (await person.ask(refused)).lines[0].endswith(f"I know of no job {others} of yours.")

    asked = await person.ask(f"cancel {mine}")
    assert f"Shall I cancel job {mine} (name-{mine}, RUNNING)?" in asked.text
    assert f"--user={MINE} {mine}" not in site.slurm.calls("scancel")
    assert f"Slurm is ending job {mine}." in (await person.answers(asked, asked.yes)).text
    assert f"--user={MINE} {mine}" in site.slurm.calls("scancel")
    assert "Shall I cancel" in (await person.ask(asked.yes)).text
    assert site.slurm.calls("scancel").count(f"--user={MINE} {mine}") == 1


@pytest.mark.parametrize("name", NAMES)
async def test_who_mutes_messages_in_a_chat_sees_it_at_the_command_line(site: Site, name: str) -> None:
    person = await site.linked_person(MINE, name)
    muted = await person.ask("mute 2h")
    assert "Muted until" in muted.text
    shown = await site.me(MINE)
    assert "muted until" in shown
    assert f"  {name}: reaches you" in shown
    assert f"to {person.place}, since" in shown
    assert "You are told again." in (await person.answers(muted, "mute off")).text
    preferred = await site.store.read(lambda c: people.preferences_of(c, [MINE]))
    assert preferred.get(MINE, Preferences()).muted_until is None


@pytest.mark.parametrize("name", NAMES)
async def test_among_others_the_bot_is_silent_unless_addressed_and_then_gives_nothing_away(
    site: Site, name: str
) -> None:
    await site.has_job(7901, MINE)
    chat = site.chats[name]
    person, stranger = await site.linked_person(MINE, name), await chat.arrives()
    say = await site.issued(MINE, name)
    before = len(await person.heard_among())
    for text in ("help", "jobs", "job 7901", "has anybody seen the bot?"):
        await stranger.write_among(text, addressed=False)
        await person.write_among(text, addressed=False)
    await person.write_among("jobs", addressed=True)
    await person.write_among(say, addressed=True)
    await stranger.write_among("jobs", addressed=True)
    await stranger.write_among("help", addressed=True)
    helped = await person.hears_among(before + 1)
    async with asyncio.timeout(PATIENCE):
        while not any(f"{name}:{person.group}" in "\n".join(one.lines) for one in await person.heard_among()):
            await asyncio.sleep(0.05)
    async with asyncio.timeout(PATIENCE):
        while not (answer := (await stranger.ask(say)).text).startswith("This code is not good"):
            assert "in private" in answer  # what was said among others is answered only now
    among = (await person.heard_among())[before:]
    assert len(among) <= 4, helped
    assert not [one for one in among if "7901" in one.text or MINE in one.text or say in one.text]


@pytest.mark.parametrize("name", NAMES)
async def test_a_mail_that_names_only_the_service_arrives_in_the_linked_chat(site: Site, name: str) -> None:
    person, job = await site.linked_person("games", name), 9000 + NAMES.index(name)
    heard = len(await person.heard())
    await site.mail(job, "games", name)
    told = await person.hears(heard + 1)
    assert f'Started: job {job} "name-{job}"' in told.text
    if told.buttons:
        await site.has_job(job, "games")
        asked = await person.answers(told, f"cancel {job}")
        assert f"Shall I cancel job {job}" in asked.text
    assert (await site.delivery(job)).target == person.place


async def test_what_a_mute_keeps_back_is_told_when_it_is_taken_back(site: Site) -> None:
    person = await site.linked_person("games", "telegram")
    await person.ask("mute 2h")
    await site.mail(9200, "games", "telegram")
    wanted = DeliveryFilter(job_id=9200)
    async with asyncio.timeout(PATIENCE):
        while not [one for one in await site.store.read(lambda c: deliveries.find(c, wanted, limit=1)) if one.message]:
            await asyncio.sleep(0.05)
    assert not [said for said in await person.heard() if "9200" in said.text]
    await person.write("mute off")
    async with asyncio.timeout(PATIENCE):
        while not [said for said in await person.heard() if "9200" in said.text]:
            await asyncio.sleep(0.05)


async def test_linked_only_tells_nobody_but_the_linked_owner_and_says_why(site: Site) -> None:
    chat = site.chats[STRICT]
    stranger = await chat.arrives()
    helped = await stranger.ask("help")
    assert f"--mail-user={STRICT}" in helped.lines
    assert stranger.place not in helped.text
    person = await site.linked_person("games", STRICT)
    heard = len(await person.heard())
    await site.mail(9100, "games", f"{STRICT}:{stranger.place}")
    await site.mail(9101, OTHERS, STRICT)
    await site.mail(9102, OTHERS, f"{STRICT}:{person.place}")
    await site.mail(9103, "games", STRICT)
    assert "9103" in (await person.hears(heard + 1)).text
    for number in (9100, 9101, 9102):
        await site.delivery(number)
    refused = await site.told("delivery", "list", "--connector", STRICT, "--state", "dead")
    assert [one["job_id"] for one in refused] == [9100, 9101, 9102]
    assert {one["reason"] for one in refused} == {"target_refused"}
    assert "only where their own account is linked" in refused[0]["detail"]
    assert [f"headgate me link {STRICT}" in one["detail"] for one in refused[1:]] == [True, True]
    assert len(await stranger.heard()) == 1
    assert len(await person.heard()) == heard + 1


async def test_who_unties_a_chat_at_the_command_line_is_a_stranger_there_again(site: Site) -> None:
    person = await site.linked_person("games", "slack")
    assert "You are games on the cluster." in (await person.ask("help")).text
    assert "is not linked to you any more" in await site.me("games", "unlink", "slack", person.place)
    assert "I do not know your account" in (await person.ask("jobs")).text


async def test_the_audit_log_has_every_command_and_no_code(site: Site) -> None:
    before = len(await site.told("audit", "list", "--limit", "10000"))
    say = await site.code(OTHERS, "slack")
    for name in NAMES:
        mine, person = site.job(name), await site.chats[name].arrives()
        await site.has_job(mine, MINE)
        await person.ask("jobs")
        await person.ask("link 0123-4567-89AB")
        await person.ask(await site.issued(MINE, name))
        for text in ("help", "jobs", f"job {mine}", "job 1", f"output {mine}", "mute 1h", "mute off", "good morning"):
            await person.ask(text)
        await person.ask((await person.ask(f"cancel {mine}")).yes)
        await person.ask("unlink")
    entries = (await site.told("audit", "list", "--limit", "10000"))[before:]
    assert [(one["user"], one["action"]) for one in entries if one["via"] == "local socket"] == [(OTHERS, "link code")]
    for name in NAMES:
        found = [one for one in entries if one["via"] == f"bot {name}"]
        assert [f"{one['action']} {one['outcome']}" for one in found] == [
            *("jobs refused", "link refused", "link done", "help done", "jobs done", "job done", "job refused"),
            *("output refused", "mute done", "mute done", "unknown not understood"),
            *("cancel asked", "cancel begun", "cancel done", "unlink done"),
        ]
        assert {one["user"] for one in found[2:]} == {MINE}
    written, log = json.dumps(entries), site.service.log.read_text()
    assert not [token for token in (BOT_TOKEN, APP_TOKEN, "AAE-played", "syt_") if token in log]
    for code in (*site.codes, say.removeprefix("link "), "0123-4567-89AB"):
        for text in (written, log):
            assert code.replace("-", "") not in re.sub(r"[\s-]", "", text).upper()


async def test_a_lost_connection_is_made_again_with_a_longer_pause_each_time(site: Site) -> None:
    for name in NAMES:
        await site.regular(name)
    service, before = site.service, len(site.service.lines())
    for name in NAMES:
        await site.chats[name].cut()
    async with asyncio.timeout(PATIENCE):
        while not all(len(_pauses(service, before, name)) >= 2 for name in NAMES):
            await asyncio.sleep(0.1)
    for name in NAMES:
        first, second = _pauses(service, before, name)[:2]
        assert 0.7 < first < 1.3 < second < 2.5, (name, first, second)
        await site.chats[name].mend()
    for name in NAMES:
        person = await site.regular(name)
        await site.chats[name].listens()
        assert str(site.job(name)) in (await person.ask("jobs")).text
    assert service.events("service.started") == 1


def _pauses(service: RunningHeadgate, since: int, name: str) -> Sequence[float]:
    lines = service.lines()[since:]
    return [line["seconds"] for line in lines if line.get("event") == "bot.again" and line.get("bot") == name]


async def test_after_a_kill_links_hold_and_nothing_old_is_answered_again(site: Site) -> None:
    before = {}
    for name in NAMES:
        await (await site.regular(name)).ask("jobs")
        before[name] = len(await site.linked[name].heard())
    await site.service.kill()
    for kept in ("telegram", "matrix"):
        await site.linked[kept].write("help")
    await site.service.start()
    for name in NAMES:
        person = await site.regular(name)
        await site.chats[name].listens()
        if name in ("telegram", "matrix"):
            assert f"You are {MINE} on the cluster." in (await person.hears(before[name] + 1)).text
        said = await person.ask("jobs")
        assert str(site.job(name)) in said.text
        missed = 1 if name in ("telegram", "matrix") else 0
        assert len(await person.heard()) == before[name] + missed + 1


async def test_a_reload_changes_what_the_bots_answer_and_loses_no_connection(site: Site) -> None:
    for name in NAMES:
        await site.regular(name)
    service, before = site.service, len(site.service.lines())
    assert "You are" in (await (await site.regular("telegram")).ask("help")).text
    changed = tables(site.directory, site.url, site.slurm, site.chats)
    for name in NAMES:
        changed[f"connectors.{name}.bot"]["commands"] = ["job"]
    service.write(changed)
    service.signal(signal.SIGHUP)
    async with asyncio.timeout(PATIENCE):
        while not service.events("service.reloaded"):
            await asyncio.sleep(0.05)
    for name in NAMES:
        await site.chats[name].listens()
        assert "I do not do that here." in (await (await site.regular(name)).ask("jobs")).text
    assert {line["event"] for line in service.lines()[before:]} & {"bot.lost", "part.late", "local.failed"} == set()
    assert "Account            daemon" in await site.me(MINE)


@pytest.mark.postgresql
async def test_of_two_services_one_asks_telegram_and_the_other_takes_over(
    postgres: PostgresServer, tmp_path: Path
) -> None:
    url = postgres.new_database()
    store = Store(url, pool=1)
    await asyncio.to_thread(migrate, store)
    await asyncio.to_thread(store.close)
    async with AsyncExitStack() as stack:
        chat = await stack.enter_async_context(open_telegram())
        slurm = FakeSlurm(tmp_path / "slurm")
        (tmp_path / "spool").mkdir()
        written = tables(tmp_path, url, slurm, {"telegram": chat})
        written |= {"local": {"socket": "off"}}
        written["service"]["parts"] = ["bots"]
        one, two = [RunningHeadgate(tmp_path, written, name=name) for name in ("one", "two")]
        await stack.enter_async_context(one)
        person = await chat.arrives()
        await person.ask("help")
        await stack.enter_async_context(two)
        await asyncio.sleep(3)  # more than one look whether the role is free
        await person.ask("help")
        assert (one.events("telegram.listening"), two.events("telegram.listening")) == (1, 0)
        async with asyncio.timeout(PATIENCE):  # an update that is not acknowledged is answered again, and rightly
            while chat.fake.telegram.updates.waiting:
                await asyncio.sleep(0.02)
        await one.kill()
        await person.ask("help")
        assert two.events("telegram.listening") == 1
        assert one.events("bot.lost") == two.events("bot.lost") == 0
        assert len(await person.heard()) == 3
