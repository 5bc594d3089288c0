"""Cards as Microsoft's own renderer shows them, in Debian's Chromium."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page, async_playwright

from headgate.connectors import samples
from headgate.connectors.msteams.markup import markdown
from headgate.connectors.msteams.preview import page_of
from headgate.connectors.msteams.rendering import payload_of
from headgate.model.text import one_line
from headgate.testing.conformance.hostile import HOSTILE
from tests.connectors.msteams.cards import MESSAGES, card_of, texts

pytestmark = pytest.mark.browser

MODULES = Path(__file__).parents[3] / ".counterparts" / "node_modules"
SCRIPTS = ("markdown-it/dist/markdown-it.js", "adaptivecards/dist/adaptivecards.js")
CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
COLOURS = {"good": "#e7f2da", "attention": "#f9e4e6", "warning": "#fbf6d9", "accent": "#e8ebfa", "emphasis": "#f0f0f0"}
HOST = {
    "fontFamily": "DejaVu Sans, sans-serif",
    "containerStyles": {"default": {"backgroundColor": "#ffffff"}}
    | {name: {"backgroundColor": colour} for name, colour in COLOURS.items()},
}
RENDER = """([card, host]) => {
  AdaptiveCards.AdaptiveCard.onProcessMarkdown = (text, result) => {
    result.outputHtml = markdownit({linkify: true, typographer: false}).render(text);
    result.didProcess = true;
  };
  const shown = new AdaptiveCards.AdaptiveCard();
  shown.hostConfig = new AdaptiveCards.HostConfig(host);
  const context = new AdaptiveCards.SerializationContext(AdaptiveCards.Versions.v1_4);
  shown.parse(card, context);
  document.body.replaceChildren(shown.render());
  const found = [];
  for (let i = 0; i < context.eventCount; i++) found.push(context.getEventAt(i).message);
  for (const failure of shown.validateProperties().validationEvents) found.push(failure.message);
  return found;
}"""


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        await browser.close()


@pytest.fixture
async def page(browser: Browser) -> AsyncIterator[Page]:
    missing = [script for script in SCRIPTS if not (MODULES / script).is_file()]
    if missing:
        pytest.skip(f"not installed below .counterparts: {', '.join(missing)}")
    page = await browser.new_page(viewport={"width": 640, "height": 900})
    await page.set_content("<!doctype html><html><body></body></html>")
    for script in SCRIPTS:
        await page.add_script_tag(path=MODULES / script)
    yield page
    await page.close()


async def show(page: Page, card: dict[str, Any]) -> list[str]:
    """Render a card; return what the renderer finds wrong with it."""
    found: list[str] = await page.evaluate(RENDER, [card, HOST])
    return found


def seen(text: str) -> str:
    """Return a text without what a browser draws together."""
    return "".join(text.split())


async def test_every_card_is_rendered_whole_and_nothing_in_it_does_anything(page: Page) -> None:
    misdeeds: list[str] = []
    page.on("request", lambda request: misdeeds.append(f"request {request.url}"))
    page.on("dialog", lambda dialog: misdeeds.append(f"dialog {dialog.message}"))
    page.on("pageerror", lambda error: misdeeds.append(f"script {error}"))
    page.on("popup", lambda popup: misdeeds.append(f"popup {popup.url}"))
    for name, message in MESSAGES.items():
        card = card_of(message, principal="ada@example.org")
        assert await show(page, card) == [], name
        shown = seen(await page.evaluate("document.body.textContent"))
        assert not [text for text in texts(card) if seen(text) not in shown], name
        assert not await page.evaluate("document.body.querySelectorAll('script,img,iframe,svg,object,a').length"), name
        assert not misdeeds, name


async def test_a_site_s_markdown_is_markdown_and_a_job_s_text_in_it_is_not(page: Page) -> None:
    for text in HOSTILE.values():
        line = one_line(text, 300)
        card = card_of(samples.FAILED, body=f"**bold** [help](https://example.org/)\n\n{markdown(line)}")
        assert await show(page, card) == []
        links = await page.evaluate("[...document.querySelectorAll('.ac-textBlock a')].map(link => link.href)")
        assert links == ["https://example.org/"]
        assert await page.evaluate("document.querySelectorAll('.ac-textBlock strong').length") == 1
        assert not await page.evaluate("document.body.querySelectorAll('img,em,ul,ol,h1,script,code,del').length")


async def test_the_renderer_says_what_is_wrong_with_a_card_that_is_none(page: Page) -> None:
    card = card_of(samples.FAILED)
    card["body"].append({"type": "TextBlok", "text": "x"})
    assert await show(page, card)


@pytest.mark.parametrize(
    ("name", "style"),
    [
        ("failed", "attention"),
        ("succeeded", "good"),
        ("timed_out", "warning"),
        ("started", "accent"),
        ("digest", "emphasis"),
    ],
)
async def test_the_header_has_its_outcome_s_colour(page: Page, name: str, style: str) -> None:
    await show(page, card_of(MESSAGES[name]))
    colour = await page.evaluate(
        "getComputedStyle(document.querySelector('.ac-container .ac-container')).backgroundColor"
    )
    wanted = tuple(int(COLOURS[style][place : place + 2], 16) for place in (1, 3, 5))
    assert colour == f"rgb({wanted[0]}, {wanted[1]}, {wanted[2]})"


async def test_the_log_is_in_fixed_width_and_its_blanks_stay(page: Page) -> None:
    await show(page, card_of(samples.FAILED))
    runs = page.get_by_text("main(sys.argv[1:])")
    assert (await runs.inner_text()).startswith("\N{NO-BREAK SPACE}" * 4)
    assert (
        "monospace" in (await runs.evaluate("run => getComputedStyle(run).fontFamily")).lower()
        or "courier" in (await runs.evaluate("run => getComputedStyle(run).fontFamily")).lower()
    )


async def test_what_only_a_flow_reads_is_not_shown(page: Page) -> None:
    await show(page, card_of(samples.FAILED, principal="ada@example.org"))
    assert "JobStatus" not in await page.evaluate("document.body.innerText")


async def test_a_button_opens_the_link(page: Page) -> None:
    await show(page, card_of(samples.FAILED))
    await page.evaluate(
        "() => { AdaptiveCards.AdaptiveCard.onExecuteAction = action => { document.title = action.url } }"
    )
    await page.get_by_role("button", name="Job page").or_(page.get_by_role("link", name="Job page")).click()
    assert await page.title() == "https://hpc.example.org/jobs/1051492"


async def test_the_preview_shows_the_same_and_runs_nothing(browser: Browser) -> None:
    page = await browser.new_page(viewport={"width": 720, "height": 900})
    misdeeds: list[str] = []
    page.on("request", lambda request: misdeeds.append(f"request {request.url}"))
    page.on("console", lambda message: misdeeds.append(f"console {message.text}"))
    for name, message in MESSAGES.items():
        await page.set_content(page_of(payload_of(message)))
        shown = seen(await page.evaluate("document.body.textContent"))
        assert not [text for text in texts(card_of(message)) if seen(text) not in shown], name
        assert not await page.evaluate("document.body.querySelectorAll('script,img,iframe,svg,object,a').length"), name
        assert not misdeeds, name
    await page.close()
