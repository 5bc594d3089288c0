from __future__ import annotations

from html.parser import HTMLParser

import pytest

from headgate.connectors.matrix.connector import MatrixConnector
from headgate.connectors.matrix.preview import preview
from headgate.connectors.matrix.rendering import content
from headgate.connectors.matrix.settings import MatrixSettings
from headgate.connectors.samples import SAMPLES
from headgate.notify.connector import Envelope, Renders, Rendition


async def rendition(name: str, **settings: bool) -> Rendition:
    connector = MatrixConnector("matrix", MatrixSettings(homeserver="http://localhost", token="token", **settings))
    assert isinstance(connector, Renders)
    made = connector.render(Envelope("!room:example.org", SAMPLES[name], "key"))
    await connector.aclose()
    return made


@pytest.mark.parametrize("name", SAMPLES)
async def test_the_page_shows_what_is_sent(name: str) -> None:
    made = await rendition(name)
    assert made.suffix == ".json"
    assert "background-color: " in made.html
    assert "!room:example.org" in made.html


async def test_pictures_are_shown_where_they_are_sent() -> None:
    assert (await rendition("failed", picture=True)).pictures["efficiency.png"].startswith(b"\x89PNG")
    assert "data:image/png" in (await rendition("failed", picture=True)).html
    assert not (await rendition("failed")).pictures


def test_what_a_client_would_not_show_is_not_shown() -> None:
    seen: list[str] = []

    class Tags(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            seen.extend([tag, *(f"{name}={value}" for name, value in attrs)])

    html = '<script>x</script><a href="javascript:x">a</a><b onclick="x">b</b><span data-mx-color="red;x">c</span>'
    tags = Tags()
    tags.feed(preview(content("x", html), room="<i>", pictures={}))
    assert not {"script", "href=javascript:x", "onclick=x", "i"} & set(seen)
    assert not [one for one in seen if "red" in one]
