"""Going through the pages in a browser as somebody would: from link to link, and through every button."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from playwright.async_api import Page

from headgate.web.permissions import PAGES

MOST: Final = 34
"""Pages looked at by one person, those first that ask for nothing: of these two of each kind, of others one."""
_LINKS: Final = "[...document.querySelectorAll('a[href]:not([download])')].map(one => one.href)"
_BUTTONS: Final = """[...document.querySelectorAll('button, input[type=submit]')]
    .map((one, number) => [one, number])
    .filter(([one]) => one.form && one.type === 'submit' && (one.formMethod || one.form.method) === 'post')
    .map(([one, number]) => ({
        number, action: one.hasAttribute('formaction') ? one.formAction : one.form.action,
        value: [one, ...one.form.querySelectorAll('[type=hidden][name=order]')]
            .filter(one => one.name).map(one => `${one.name}=${one.value}`).join(),
    }))"""
_FILL: Final = """number => {
    const form = [...document.querySelectorAll('button, input[type=submit]')][number].form;
    form.querySelectorAll('details').forEach(one => one.open = true);
    const ticks = [...form.elements].filter(one => one.type === 'checkbox' && one.name && !one.checked);
    if (ticks.length && !ticks.some(one => one.required)) ticks[0].checked = true;
    for (const one of form.elements) {
        if (!one.required || one.value && one.type !== 'checkbox') continue;
        if (one.type === 'checkbox') one.checked = true;
        else if (one.tagName === 'SELECT') one.selectedIndex = [...one.options].findIndex(option => option.value);
        else if (one.type === 'number' || one.inputMode === 'numeric') one.value = one.min || '1';
        else one.value = one.placeholder || 'because';
    }
}"""
"""Fill in what has to be, by its example if there is one; of what can be ticked, tick the first."""


def _routes(method: str) -> dict[str, re.Pattern[str]]:
    return {
        line.path: re.compile(
            re.sub(r"\\\{\w+(:int)?\\\}", lambda found: "[0-9]+" if found[1] else "[^/]+", re.escape(line.path))
        )
        for line in PAGES
        if line.method == method
    }


_ROUTES: Final = {method: _routes(method) for method in ("GET", "POST")}


def route_of(path: str, method: str = "GET") -> str:
    """Return the route of a page or a form, of those that fit the one that is named most exactly."""
    fitting = [route for route, pattern in _ROUTES[method].items() if pattern.fullmatch(urlsplit(path).path)]
    return min(fitting, key=lambda route: route.count("{"), default=path)


def kind_of(path: str) -> tuple[str, str]:
    """Return what a page is one of: its route, and the names of what it is asked."""
    keys = {pair.partition("=")[0] for pair in urlsplit(path).query.split("&") if pair}
    return route_of(path), ",".join(sorted(keys))


async def linked(page: Page, origin: str) -> AsyncIterator[str]:
    """Yield the paths that links lead to, from the first page on. Whoever asks goes there, and asks for the next."""
    plain, asking = deque(["/ui/"]), deque[str]()
    seen, looked = {"/ui/"}, dict[tuple[str, str], int]()
    while (plain or asking) and sum(looked.values()) < MOST:
        path = (plain or asking).popleft()
        kind = kind_of(path)
        if looked.get(kind, 0) == (1 if kind[1] else 2):
            continue
        looked[kind] = looked.get(kind, 0) + 1
        yield path
        for link in await page.evaluate(_LINKS):
            found = urlsplit(link)
            if f"{found.scheme}://{found.netloc}" != origin or "/static/" in found.path:
                continue
            following = found.path + (f"?{found.query}" if found.query else "")
            if following not in seen:
                seen.add(following)
                (asking if found.query else plain).append(following)


@dataclass(frozen=True, slots=True)
class Button:
    """A button that sends a form. ``number``: its place on the page. ``value``: what it says besides."""

    number: int
    route: str
    value: str

    @property
    def kind(self) -> tuple[str, str]:
        """What it does: two of one kind do the same to something else."""
        return self.route, self.value


async def buttons(page: Page) -> list[Button]:
    """Return the buttons on a page that send something."""
    found = await page.evaluate(_BUTTONS)
    return [Button(one["number"], route_of(one["action"], "POST"), one["value"]) for one in found]


async def press(page: Page, button: Button) -> int:
    """Fill in a button's form and press it; return the status of the page that comes of it."""
    await page.evaluate(_FILL, button.number)
    async with page.expect_navigation() as coming:
        await page.locator("button, input[type=submit]").nth(button.number).click()
    answer = await coming.value
    assert answer is not None
    return answer.status
