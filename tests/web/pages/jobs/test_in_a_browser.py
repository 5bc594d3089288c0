from __future__ import annotations

import os
import pwd
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from headgate.executor.interface import FileInfo, LocalFile, Place
from headgate.executor.refusal import RefusedError
from headgate.model.event import EventKind
from headgate.notify.output import OutputReader
from headgate.store import jobs, journal
from headgate.testing.slurm import FakeSlurm
from tests.web.pages.jobs.owners import Owners
from tests.web.pages.jobs_seen import ARRAY, FAILED, RUNS, WAITS, event, stored
from tests.web.pages.pages_place import PagesPlace, serious

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("store", ["sqlite"], indirect=True)]
PATHS = (
    "/ui/", "/ui/jobs", f"/ui/jobs/alpha/{RUNS}", f"/ui/jobs/alpha/{FAILED}", f"/ui/jobs/alpha/array/{ARRAY}",
    f"/ui/jobs/alpha/{RUNS}/output",
)  # fmt: skip


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_nothing_is_serious_and_nothing_is_wider_than_a_phone(
    place: PagesPlace, browser: Browser, scheme: str
) -> None:
    troubles: list[str] = []
    async with place.served() as origin:
        for role in ("user", "operator"):
            context = await place.browsing(
                browser, origin, role, color_scheme=scheme, viewport={"width": 360, "height": 740}
            )
            page = await context.new_page()
            page.on("pageerror", lambda error: troubles.append(str(error)))
            page.on("console", lambda message: troubles.append(message.text) if "olicy" in message.text else None)
            for path in PATHS:
                await page.goto(path)
                assert await serious(page) == [], path
                assert await page.evaluate("document.documentElement.scrollWidth") <= 360, path
            await context.close()
    assert troubles == []


async def test_jobs_are_ticked_and_ended_by_clicking(place: PagesPlace, browser: Browser, fake: FakeSlurm) -> None:
    fake.says("scancel")
    async with place.served() as origin:
        context = await place.browsing(browser, origin, "user")
        page = await context.new_page()
        await page.goto("/ui/jobs")
        await page.get_by_label(f"Job {RUNS}", exact=True).check()
        await page.get_by_label(f"Job {WAITS}", exact=True).check()
        await page.get_by_role("button", name="Go on…").click()
        await expect(page.get_by_text("2 of 2 jobs")).to_be_visible()
        await page.get_by_role("button", name="Cancel 2 jobs").click()
        await expect(page.get_by_text("2 of 2 done.")).to_be_visible()
        await context.close()
    assert len(fake.calls("scancel")) == 2


async def test_an_array_opens_and_stays_open_when_there_is_news(place: PagesPlace, browser: Browser) -> None:
    async with place.served() as origin:
        context = await place.browsing(browser, origin, "user")
        page = await context.new_page()
        await page.goto("/ui/jobs")
        await page.locator("summary", has_text="7 tasks").click()
        link = page.get_by_role("link", name="All 7 records")
        await expect(link).to_be_visible()
        new = stored(900, "PENDING", name="later")
        submitted = event(EventKind.JOB_SUBMITTED, new, 1)
        await place.store.write(lambda c: jobs.keep(c, [new], 1.0))
        await place.store.write(lambda c: journal.append(c, [submitted]))
        await expect(page.get_by_role("link", name="900", exact=True)).to_be_visible(timeout=20_000)
        await expect(link).to_be_visible()
        await link.click()
        await expect(page.get_by_role("heading", name="Array 300")).to_be_visible()
        await context.close()


class OneFile:
    """Opens one file, whatever is asked for."""

    def __init__(self, path: Path) -> None:
        self.path = path

    async def open_read(self, user: str, place: Place) -> LocalFile:
        if not self.path.exists():
            raise RefusedError("not-found", f"{user} has no {place.path}")
        info = FileInfo(name="x", named=True, kind="file", size=0, mode=0, uid=0, gid=0, modified_ns=0, inode=0)
        return LocalFile(os.open(self.path, os.O_RDONLY), info)


async def test_output_is_followed_and_its_escapes_do_nothing(
    place: PagesPlace, browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "out"
    home = pwd.getpwuid(os.getuid()).pw_dir
    monkeypatch.setattr("headgate.notify.output.OutputReader._home", lambda *_: _answer(home))
    reader = OutputReader(OneFile(path), ("/",))  # type: ignore[arg-type]
    object.__setattr__(place.site, "outputs", reader)
    async with place.served() as origin:
        context = await place.browsing(browser, origin, "user")
        page = await context.new_page()
        await page.goto(f"/ui/jobs/alpha/{RUNS}/output")
        await expect(page.locator("#output-state")).to_contain_text("Waiting", timeout=20_000)
        path.write_bytes(b"\x1b[31mone\x1b[0m <img src=x onerror=alert(1)>\nhal")
        box = page.locator("#output")
        await expect(box).to_contain_text("one <img src=x onerror=alert(1)>\nhal", timeout=20_000)
        with path.open("ab") as file:
            file.write(b"f\ntwo\n")
        await expect(box).to_contain_text("half\ntwo", timeout=20_000)
        assert await box.locator("img").count() == 0
        [known] = await place.store.read(lambda c: jobs.of_job(c, "alpha", RUNS))
        over = stored(RUNS, "COMPLETED", submitted=known.attempt.submitted)
        await place.store.write(lambda c: jobs.keep(c, [over], 1.0))
        await expect(page.locator("#output-state")).to_contain_text("this is all", timeout=20_000)
        await context.close()


async def _answer(value: str) -> str:
    return value


async def test_ones_own_job_is_held_by_clicking(place: PagesPlace, browser: Browser, owners: Owners) -> None:
    async with place.served() as origin:
        context = await place.browsing(browser, origin, "user", viewport={"width": 360, "height": 740})
        page = await context.new_page()
        await page.goto(f"/ui/jobs/alpha/{WAITS}")
        await page.get_by_role("button", name="Hold…").click()
        assert await serious(page) == []
        assert await page.evaluate("document.documentElement.scrollWidth") <= 360
        await page.get_by_role("button", name="Hold 1 job").click()
        await expect(page.get_by_text("it does not start until it is released")).to_be_visible()
        await context.close()
    assert owners.asked == [("hold", "uma", str(WAITS), "a")]
