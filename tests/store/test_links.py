from __future__ import annotations

import asyncio
import re
from dataclasses import replace

import pytest
from sqlalchemy import select

from headgate.model.person import Link
from headgate.store import links, people
from headgate.store.links import GuessLimits, Redeemed, Refusal
from headgate.store.store import Store
from headgate.store.tables import guesses, link_codes

NOW = 1_000_000.0
LIMITS = GuessLimits(identity=3, connector=8, window=900.0)
HERE = Link("slack", "U1", "", "D1", "Ada L.", NOW)


async def issue(store: Store, user: str = "ada", connector: str = "slack", now: float = NOW) -> str:
    return await store.write(lambda c: links.issue(c, user, connector, now=now, lifetime=600.0))


async def redeem(store: Store, code: str, **changed: object) -> Redeemed:
    offered = replace(HERE, **changed)  # type: ignore[arg-type]
    return await store.write(lambda c: links.redeem(c, offered, code, LIMITS))


async def linked(store: Store, identity: str = "U1", connector: str = "slack") -> str | None:
    link = await store.read(lambda c: links.link_of(c, connector, identity))
    return None if link is None else link.user


async def test_a_code_links_the_chat_it_is_said_in_to_the_account_it_was_given_to(store: Store) -> None:
    redeemed = await redeem(store, await issue(store))
    wanted = Link("slack", "U1", "ada", "D1", "Ada L.", NOW)
    assert redeemed.link == wanted
    assert await store.read(lambda c: people.links_of(c, ["ada"])) == [wanted]


async def test_codes_have_sixty_bits_in_letters_that_are_hard_to_mistake(store: Store) -> None:
    codes = {await issue(store) for _ in range(50)}
    assert len(codes) == 50
    for code in codes:
        assert re.fullmatch(r"[0-9A-HJKMNP-TV-Z]{6}-[0-9A-HJKMNP-TV-Z]{6}", code)


async def test_the_store_holds_no_code(store: Store) -> None:
    code = await issue(store)
    [row] = await store.read(lambda c: list(c.execute(select(link_codes))))
    assert code not in repr(row)
    assert code.replace("-", "") not in repr(row)


@pytest.mark.parametrize(
    "said",
    [str.lower, lambda code: code.replace("-", ""), lambda code: code.replace("-", " - "), lambda code: f" {code} "],
    ids=["lower case", "no dash", "blanks", "blanks around"],
)
async def test_how_a_code_is_typed_makes_no_difference(store: Store, said: object) -> None:
    code = await issue(store)
    assert (await redeem(store, said(code))).link is not None  # type: ignore[operator]


async def test_letters_that_look_like_digits_are_taken_for_them(store: Store) -> None:
    for _ in range(30):
        code = await issue(store)
        misread = code.replace("0", "O").replace("1", "l")
        assert (await redeem(store, misread)).link is not None


async def test_a_code_is_good_once(store: Store) -> None:
    code = await issue(store)
    assert (await redeem(store, code)).link is not None
    assert (await redeem(store, code, identity="U2")).refusal is Refusal.WRONG
    assert await linked(store, "U2") is None


async def test_replaying_a_code_in_the_chat_it_linked_is_refused_like_any_other(store: Store) -> None:
    code = await issue(store)
    await redeem(store, code)
    assert await redeem(store, code) == Redeemed(None, Refusal.WRONG)
    assert await linked(store) == "ada"


async def test_a_code_is_too_old_after_its_lifetime(store: Store) -> None:
    code = await issue(store)
    assert await redeem(store, code, linked_at=NOW + 600.0) == Redeemed(None, Refusal.WRONG)
    assert (await redeem(store, await issue(store), linked_at=NOW + 599.9)).link is not None


async def test_a_code_said_in_another_connector_is_refused_and_void(store: Store) -> None:
    code = await issue(store)
    assert await redeem(store, code, connector="matrix") == Redeemed(None, Refusal.WRONG)
    assert await redeem(store, code) == Redeemed(None, Refusal.WRONG)


async def test_a_new_code_voids_the_older_one_of_the_same_connector_only(store: Store) -> None:
    older, other = await issue(store), await issue(store, connector="matrix")
    newer = await issue(store)
    assert (await redeem(store, older)).refusal is Refusal.WRONG
    assert (await redeem(store, newer)).link is not None
    assert (await redeem(store, other, connector="matrix")).link is not None


async def test_one_persons_code_does_not_void_anothers(store: Store) -> None:
    code = await issue(store)
    await issue(store, "ben")
    assert (await redeem(store, code)).link is not None


async def test_a_burnt_code_is_void(store: Store) -> None:
    code = await issue(store)
    assert await store.write(lambda c: links.burn(c, code.lower()))
    assert not await store.write(lambda c: links.burn(c, code))
    assert (await redeem(store, code)).refusal is Refusal.WRONG


async def test_everything_that_is_not_taken_looks_the_same(store: Store) -> None:
    used, old, elsewhere = await issue(store), await issue(store, "ben", now=NOW - 700), await issue(store, "eve", "x")
    await redeem(store, used, identity="U9")
    answers = [
        await redeem(store, code, identity=f"U{number}")
        for number, code in enumerate([used, old, elsewhere, "AAAAAA-AAAAAA", "", "\ud800"], 10)
    ]
    assert set(answers) == {Redeemed(None, Refusal.WRONG)}


async def test_after_too_many_wrong_codes_even_a_good_one_is_not_looked_at(store: Store) -> None:
    code = await issue(store)
    for _ in range(LIMITS.identity):
        assert (await redeem(store, "WRONG0-WRONG0")).refusal is Refusal.WRONG
    assert await redeem(store, code) == Redeemed(None, Refusal.TOO_MANY)
    assert await linked(store) is None
    assert (await redeem(store, code, identity="U2")).link is not None


async def test_wrong_codes_are_forgotten_after_the_window(store: Store) -> None:
    for _ in range(LIMITS.identity + 1):
        await redeem(store, "WRONG0-WRONG0")
    later = NOW + LIMITS.window
    assert (await redeem(store, await issue(store, now=later), linked_at=later)).link is not None


async def test_a_good_code_clears_what_was_counted(store: Store) -> None:
    for _ in range(3):
        await redeem(store, "WRONG0-WRONG0")
        await redeem(store, "WRONG0-WRONG0")
        assert (await redeem(store, await issue(store))).link is not None


async def test_a_connector_takes_so_many_wrong_codes_from_all_together(store: Store) -> None:
    code = await issue(store)
    for number in range(LIMITS.connector):
        assert (await redeem(store, "WRONG0-WRONG0", identity=f"G{number}")).refusal is Refusal.WRONG
    assert (await redeem(store, code)).refusal is Refusal.TOO_MANY
    other = await issue(store, connector="matrix")
    assert (await redeem(store, other, connector="matrix")).link is not None


async def test_somebody_who_is_locked_out_does_not_lock_others_out(store: Store) -> None:
    for _ in range(LIMITS.connector * 3):
        await redeem(store, "WRONG0-WRONG0", identity="G")
    assert (await redeem(store, await issue(store))).link is not None


async def test_of_two_who_say_a_code_at_once_one_is_linked(store: Store) -> None:
    for number in range(3):
        code = await issue(store)
        answers = await asyncio.gather(
            *(redeem(store, code, identity=f"{who}{number}") for who in ("A", "B", "C")),
        )
        assert [one.refusal for one in answers].count(None) == 1
        assert {one.refusal for one in answers} == {None, Refusal.WRONG}


async def test_wrong_codes_that_come_side_by_side_are_all_counted(store: Store) -> None:
    answers = await asyncio.gather(*(redeem(store, f"WRONG{number}", identity="U1") for number in range(12)))
    assert [one.refusal for one in answers].count(Refusal.WRONG) == LIMITS.identity


async def test_an_identity_of_another_account_is_left_to_it_and_the_code_stays_good(store: Store) -> None:
    await redeem(store, await issue(store))
    code = await issue(store, "ben")
    assert await redeem(store, code) == Redeemed(None, Refusal.LINKED_ELSEWHERE, owner="ada")
    assert await linked(store) == "ada"
    await store.write(lambda c: links.unlink(c, "ada", "slack"))
    assert (await redeem(store, code)).link is not None
    assert await linked(store) == "ben"


async def test_linking_again_renews_the_link(store: Store) -> None:
    await redeem(store, await issue(store))
    await redeem(store, await issue(store), target="D2", name="A.", linked_at=NOW + 1)
    assert await store.read(lambda c: people.links_of(c, ["ada"])) == [Link("slack", "U1", "ada", "D2", "A.", NOW + 1)]


async def test_the_oldest_of_too_many_links_gives_way(store: Store) -> None:
    for number in range(links.MAX_LINKS + 2):
        await redeem(store, await issue(store), identity=f"U{number}", linked_at=NOW + number / 10)
    found = await store.read(lambda c: people.links_of(c, ["ada"]))
    assert len(found) == links.MAX_LINKS
    assert {"U0", "U1"}.isdisjoint(link.identity for link in found)


async def test_unlinking_ends_what_is_named_and_voids_the_code(store: Store) -> None:
    for identity in ("U1", "U2"):
        await redeem(store, await issue(store), identity=identity)
    await redeem(store, await issue(store, "ben"), identity="U3")
    code = await issue(store)
    [gone] = await store.write(lambda c: links.unlink(c, "ada", "slack", "U1"))
    assert gone.identity == "U1"
    assert (await redeem(store, code)).refusal is Refusal.WRONG
    assert await store.write(lambda c: links.unlink(c, "ada", "slack", "U3")) == []
    assert [link.identity for link in await store.write(lambda c: links.unlink(c, "ada", "slack"))] == ["U2"]
    assert await linked(store, "U3") == "ben"


async def test_old_codes_and_counts_are_forgotten(store: Store) -> None:
    await issue(store)
    await redeem(store, "WRONG0-WRONG0")
    assert await store.write(lambda c: links.forget(c, NOW + 599, 900.0)) == 0
    assert await store.write(lambda c: links.forget(c, NOW + 901, 900.0)) == 3
    assert await store.read(lambda c: list(c.execute(select(guesses)))) == []
