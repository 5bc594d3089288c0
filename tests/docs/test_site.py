"""The site as it is built: without a warning, and without anything from elsewhere."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from scripts.docs import build, write_pages
from tests.docs.pages import DOCS, GENERATED

_FETCHED = re.compile(
    r"""<(?:script|img|iframe|source)\b[^>]*\ssrc=["'](?P<src>[^"']+)|<link\b[^>]*\shref=["'](?P<href>[^"']+)"""
)
_FETCHED_BY_STYLE = re.compile(r"""(?:url\(|@import\s+)["']?(?P<address>(?:https?:)?//[^"')\s]+)""")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the site; a warning of mkdocs makes this fail."""
    directory = tmp_path_factory.mktemp("site")
    write_pages()
    build(directory)
    return directory


def test_every_page_is_built(site: Path) -> None:
    sources = {path.relative_to(DOCS).with_suffix("") for path in DOCS.rglob("*.md")}
    built = {path.relative_to(site).with_suffix("") for path in site.rglob("*.html")}
    assert len(sources) > 20
    assert sources <= built


def test_a_browser_fetches_nothing_from_elsewhere(site: Path) -> None:
    fetched = {
        match["src"] or match["href"] for page in site.rglob("*.html") for match in _FETCHED.finditer(page.read_text())
    }
    styles = {
        match["address"] for sheet in site.rglob("*.css") for match in _FETCHED_BY_STYLE.finditer(sheet.read_text())
    }
    assert fetched
    assert {address for address in fetched | styles if re.match(r"(?:https?:)?//", address)} == set()


@pytest.mark.usefixtures("site")
def test_a_link_that_leads_nowhere_makes_the_build_fail(tmp_path: Path) -> None:
    shutil.copytree(DOCS, tmp_path / "docs")
    shutil.copy(DOCS.parent / "mkdocs.yml", tmp_path)
    with (tmp_path / "docs" / "index.md").open("a") as page:
        page.write("\n[nowhere](nowhere.md)\n")
    with pytest.raises(subprocess.CalledProcessError):
        build(tmp_path / "site", source=tmp_path)


def test_generated_pages_lie_where_git_ignores_them() -> None:
    ignored = (DOCS.parent / ".gitignore").read_text().splitlines()
    assert f"/{GENERATED.relative_to(DOCS.parent)}/" in ignored
