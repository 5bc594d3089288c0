from __future__ import annotations

import asyncio

import pytest
from structlog.testing import capture_logs

from headgate.bots.chat import MAX_COMMAND, Incoming
from headgate.store import audit, links
from headgate.store.audit import AuditFilter
from headgate.store.store import Store
from headgate.testing.conformance.hostile import HOSTILE
from tests.bots.site import ALL, Site, everything, known

COMMANDS = ["jobs", "job 7", "output 7", "cancel 7", "cancel 7 yes abcd", "mute 2h", "mute off", "unlink"]


@pytest.fixture
def site(store: Store) -> Site:
    return Site(store)


@pytest.mark.parametrize("text", ["help", "", "/start", "hello"])
async def test_anybody_is_told_how_to_get_messages_here(site: Site, text: str) -> None:
    answer = await site.say(text)
    assert answer.code == "--mail-user=slack:D1"
    assert "headgate me link slack" in answer.text


async def test_a_place_that_a_shell_would_misread_is_quoted(store: Store) -> None:
    site = Site(store, "matrix")
    answer = await site.say("help", place="!room:example.org")
    assert answer.code == "--mail-user='matrix:!room:example.org'"


async def test_a_linked_person_is_told_that_the_connectors_name_is_enough(site: Site) -> None:
    await site.link()
    answer = await site.say("help")
    assert answer.code == "--mail-user=slack:D1"
    assert "--mail-user=slack " in answer.text
    assert "You are ada" in answer.text
    assert "cancel 123" in answer.text


async def test_help_lists_only_what_is_allowed(store: Store) -> None:
    site = Site(store, commands=["jobs"])
    await site.link()
    answer = await site.say("help")
    assert "jobs" in answer.text
    assert "cancel" not in answer.text
    assert (await site.say("mute 2h")).text == "I do not do that here."


async def test_where_only_linked_people_are_told_help_says_so(store: Store) -> None:
    site = Site(store, linked_only=True)
    for private in (True, False):
        answer = await site.say("help", private=private)
        assert answer.code == "--mail-user=slack"
        assert "D1" not in everything(answer)


async def test_a_code_links_the_chat(site: Site) -> None:
    answer = await site.say(f"link {await site.code()}", "U7", place="D7")
    assert "ada" in answer.text
    [link] = await site.links()
    assert (link.connector, link.identity, link.target, link.name) == ("slack", "U7", "D7", "Somebody")


async def test_every_code_that_is_not_taken_gets_the_same_answer(site: Site) -> None:
    used, old = await site.code("ben"), await site.code("eve")
    await site.say(f"link {used}", "U9")
    site.clock.now += 700
    elsewhere = await site.store.write(lambda c: links.issue(c, "kim", "matrix", now=site.clock(), lifetime=600))
    answers = {
        await site.say(f"link {code}", f"U{number}")
        for number, code in enumerate([used, old, elsewhere, "AAAAAA-AAAAAA", "x"], 20)
    }
    assert len(answers) == 1
    assert await site.links("kim") == []


async def test_guessing_is_locked_out_and_a_good_code_is_not_looked_at_then(site: Site) -> None:
    code = await site.code()
    for _ in range(5):
        assert "not good" in (await site.say("link AAAAAA-AAAAAA")).text
    assert "Too many" in (await site.say(f"link {code}")).text
    assert await site.links() == []
    assert "ada" in (await site.say(f"link {code}", "U2")).text


async def test_a_code_said_among_others_is_burnt(site: Site) -> None:
    code = await site.code()
    answer = await site.say(f"link {code}", private=False, place="C1")
    assert "in private" in answer.text
    assert answer.discreet
    assert "not good" in (await site.say(f"link {code}")).text
    assert await site.links() == []


async def test_among_others_a_good_code_looks_like_a_bad_one(site: Site) -> None:
    good = await site.say(f"link {await site.code()}", private=False)
    assert good == await site.say("link AAAAAA-AAAAAA", private=False)


async def test_a_chat_of_another_account_is_not_moved_without_a_word(site: Site) -> None:
    await site.link("ada")
    code = await site.code("ben")
    answer = await site.say(f"link {code}")
    assert "linked to the account ada" in answer.text
    assert "unlink first" in answer.text
    assert await site.links("ben") == []
    await site.say("unlink")
    await site.say(f"link {code}")
    assert [link.identity for link in await site.links("ben")] == ["U1"]


async def test_nobody_without_an_identity_is_linked(site: Site) -> None:
    await site.say(f"link {await site.code()}", "")
    assert await site.links() == []


@pytest.mark.parametrize("text", COMMANDS)
async def test_a_stranger_learns_nothing(site: Site, text: str) -> None:
    await site.has(known(7, name="secret"))
    await site.link("ada", "U1")
    answer = await site.say(text, "U2")
    assert answer == await site.say("jobs", "U3")
    assert not [word for word in ("ada", "secret", "RUNNING") if word in everything(answer)]
    assert site.slurm.cancelled == []


@pytest.mark.parametrize("text", COMMANDS)
async def test_among_others_a_linked_person_is_a_stranger_too(site: Site, text: str) -> None:
    await site.has(known(7, name="secret"))
    await site.link()
    answer = await site.say(text, private=False, place="C1")
    assert answer == await site.say(text, "U2", private=False, place="C1")
    assert answer.discreet
    assert "\n" not in answer.text
    assert (answer.code, answer.buttons) == ("", ())
    assert [link.identity for link in await site.links()] == ["U1"]


async def test_help_among_others_names_the_channel_and_nobody(site: Site) -> None:
    await site.link()
    answer = await site.say("help", private=False, place="C1")
    assert answer.code == "--mail-user=slack:C1"
    assert answer == await site.say("help", "U2", private=False, place="C1")
    assert "ada" not in everything(answer)


@pytest.mark.parametrize("text", COMMANDS)
async def test_what_is_not_allowed_is_not_done(store: Store, text: str) -> None:
    site = Site(store, commands=[])
    await site.has(known(7))
    await site.link()
    answer = await site.say(text)
    assert (answer.text == "I do not do that here.") is (text != "unlink")


async def test_unknown_words_get_a_short_answer_with_what_may_be_meant(site: Site) -> None:
    assert (await site.say("cancle 7")).text == "I do not understand that. Did you mean: cancel 123"
    assert (await site.say("qwertz")).text == "I do not understand that. Say: help"
    assert (await site.say("job")).text == "Say it like this: job 123"


async def test_unlinking_ends_it(site: Site) -> None:
    await site.link()
    assert "ada" in (await site.say("unlink")).text
    assert await site.links() == []
    assert "do not know your account" in (await site.say("jobs")).text


async def test_who_says_too_much_is_told_once_and_then_not_answered(store: Store) -> None:
    site = Site(store, per_minute=3)
    incoming = Incoming("U1", "n", "D1", private=True, text="help")
    answers = [await site.conversation(incoming) for _ in range(6)]
    assert [answer is not None for answer in answers] == [True, True, True, True, False, False]
    assert "too much" not in str(answers[2])
    assert "very much" in str(answers[3])
    assert await site.conversation(Incoming("U2", "n", "D2", private=True, text="help")) is not None


async def test_every_command_is_in_the_audit_log(site: Site) -> None:
    await site.has(known(7), known(8, "ben"))
    await site.link()
    for text in ("help", "jobs", "job 7", "job 8", "output 7", "mute 2h", "mute off", "what is this", "cancel 7"):
        await site.say(text)
    await site.say("jobs", "U2")
    await site.say("jobs", private=False)
    await site.say("unlink")
    assert await site.audited() == [
        ("ada", "link", "", "done"),
        ("ada", "help", "", "done"),
        ("ada", "jobs", "", "done"),
        ("ada", "job", "job 7", "done"),
        ("ada", "job", "job 8", "refused"),
        ("ada", "output", "job 7", "refused"),
        ("ada", "mute", "7200 s", "done"),
        ("ada", "mute", "off", "done"),
        ("ada", "unknown", "", "not understood"),
        ("ada", "cancel", "job 7", "asked"),
        ("", "jobs", "", "refused"),
        ("", "jobs", "", "refused"),
        ("ada", "unlink", "", "done"),
    ]


async def test_neither_codes_nor_texts_are_in_the_audit_log_or_the_logs(site: Site) -> None:
    code = await site.code()
    with capture_logs() as logs:
        await site.say(f"link {code}", private=False)
        await site.say("link WRONG0-WRONG0")
        await site.say("my secret words")
        await site.link()
    kept = repr(await site.store.read(lambda c: audit.find(c, AuditFilter(), limit=100))) + repr(logs)
    assert not [word for word in (code, code[:6], "WRONG0", "secret") if word in kept]


async def test_the_audit_log_says_which_identity_it_was_and_where(site: Site) -> None:
    await site.say("help", "U5", private=False, place="C9")
    [entry] = await site.store.read(lambda c: audit.find(c, AuditFilter(), limit=100))
    assert (entry.via, entry.detail, entry.time) == ("bot slack", "U5 in C9", site.clock())


async def test_a_store_that_is_away_is_an_answer(tmp_path: object) -> None:
    store = Store(f"sqlite:///{tmp_path}/empty.db")
    try:
        with capture_logs() as logs:
            answer = await Site(store).say("jobs")
    finally:
        await asyncio.to_thread(store.close)
    assert "cannot look that up now" in answer.text
    assert {log["event"] for log in logs} == {"bot.answer_failed", "bot.command", "bot.audit_failed"}


@pytest.mark.parametrize("name", HOSTILE)
async def test_hostile_text_is_answered_within_bounds(site: Site, name: str) -> None:
    text = HOSTILE[name]
    answers = [
        await site.conversation(Incoming(text[:300], text, text, private, verb + text))
        for private in (True, False)
        for verb in ("", "help ", "link ", "job ", "cancel ", "mute ")
    ]
    for answer in answers:
        assert answer is None or len(everything(answer)) < 3000
        assert answer is None or not set(everything(answer)) & set("\x1b\x07\u202e\ud800\r")


@pytest.mark.parametrize("name", HOSTILE)
async def test_hostile_jobs_are_shown_clean_and_within_bounds(site: Site, name: str) -> None:
    text = HOSTILE[name][:5000].encode("utf-8", "replace").decode().replace("\0", "")
    await site.has(known(7, name=text, account=text, partition=text, label=text, state=text))
    await site.link()
    for said in ("jobs", "job 7", "cancel 7", "output 7"):
        shown = everything(await site.say(said))
        assert len(shown) < 2000
        assert not set(shown) & set("\x1b\x07\u202e\ud800\r")


async def test_buttons_say_commands_that_fit_every_service(site: Site) -> None:
    await site.has(known(4294967295, label="4294967295"), known(2, array_id=4294967294, label="4294967294_999999999"))
    await site.link()
    texts = [
        "job 4294967295",
        "cancel 4294967295",
        "job 4294967294_999999999",
        "cancel 4294967294_999999999",
        "mute 2h",
    ]
    buttons = [button for text in texts for button in (await site.say(text)).buttons]
    assert len(buttons) == 7
    for button in buttons:
        assert button.command.isascii()
        assert len(button.command) <= MAX_COMMAND


async def test_no_buttons_where_there_shall_be_none(store: Store) -> None:
    site = Site(store)
    site.conversation._desk._bot = site.conversation._desk._bot.model_copy(update={"buttons": False})
    await site.has(known(7))
    await site.link()
    for text in ("job 7", "cancel 7", "mute 2h"):
        assert (await site.say(text)).buttons == ()


async def test_where_only_links_count_no_other_place_is_named(store: Store) -> None:
    site = Site(store, linked_only=True)
    await site.link()
    said = await site.say("help", place="D2")
    assert said.code == "--mail-user=slack"
    assert "the line below" not in said.text


def test_the_commands_tried_here_are_all() -> None:
    assert {text.split()[0] for text in COMMANDS} - {"unlink"} == set(ALL)
