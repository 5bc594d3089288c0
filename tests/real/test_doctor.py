"""The doctor, at a whole site that works, and at one where something does not."""

from __future__ import annotations

import asyncio
import json
import shutil

import pytest

from tests.real.site import PATIENCE, Site

pytestmark = pytest.mark.slurm


async def test_a_site_that_works_is_well(site: Site) -> None:
    await asyncio.to_thread(site.cluster.configure, site.mailprog)
    async with asyncio.timeout(PATIENCE):  # services write down how sources stand every few seconds
        while not any(one["seen_at"] for one in await site.ask("source", "list", "--json")):
            await asyncio.sleep(0.5)
    status, out, err = await site.run("doctor", "--json")
    found = json.loads(out)
    assert [one for one in found if one["level"] == "wrong"] == []
    assert status == 0, err
    areas = {one["area"] for one in found if one["level"] == "well"}
    assert {"configuration", "store", "slurm", "mail", "spool", "connectors", "sources"} <= areas
    assert "Nothing is wrong." in (await site.run("doctor"))[1]


async def test_what_was_broken_is_named_and_nothing_else(site: Site) -> None:
    await asyncio.to_thread(site.cluster.configure, site.post.program)  # a MailProg that is not ours
    await site.headgate.stop()
    shutil.move(site.spool, f"{site.spool}.away")
    status, out, _ = await site.run("doctor", "--json")
    wrong = {one["area"]: one for one in json.loads(out) if one["level"] == "wrong"}
    assert status == 1
    assert wrong.keys() == {"mail", "spool"}
    assert str(site.spool) in wrong["spool"]["what"]
    assert "mailprog install" in wrong["mail"]["advice"]
    shutil.move(f"{site.spool}.away", site.spool)
    await site.headgate.start()
