"""Build the documentation: reference pages from the code, then the site; every warning is an error.

``scripts/docs.py`` builds into ``site/``; with ``--serve`` it shows the site on loopback and builds again on changes of
the hand-written pages.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))  # a file that is run finds only what lies beside it

from pygments.formatters import HtmlFormatter  # type: ignore[import-untyped] # noqa: E402 - see above

from scripts.reference import PAGES  # noqa: E402

GENERATED = ROOT / "docs" / "reference" / "generated"
HIGHLIGHT = {"light": "default", "dark": "github-dark"}
"""Colour mode of the theme -> Pygments style."""


def write_pages(directory: Path = GENERATED) -> list[Path]:
    """Write every generated file that is not as it should be, take away what is none, and return all of them."""
    directory.mkdir(parents=True, exist_ok=True)
    texts = {name: page() for name, page in PAGES.items()} | {"highlight.css": highlight_css()}
    for path in directory.iterdir():
        if path.name not in texts:
            path.unlink()
    for name, text in texts.items():
        path = directory / name
        if not path.exists() or path.read_text() != text:
            path.write_text(text)
    return [directory / name for name in texts]


def highlight_css() -> str:
    """Return the style sheet that colours code, for both colour modes of the theme."""
    return "\n".join(
        HtmlFormatter(style=style).get_style_defs(f"[data-bs-theme={mode}] .codehilite")
        for mode, style in HIGHLIGHT.items()
    )


def build(site: Path, *, source: Path = ROOT) -> None:
    """Build the site of a checkout into a directory. Raises CalledProcessError if anything is amiss."""
    # Not --quiet: warnings that mkdocs does not write it does not count either, and --strict would let them pass.
    _mkdocs(source, "build", "--strict", "--clean", "--site-dir", str(site))


def serve(address: str) -> None:
    """Show the site until interrupted."""
    _mkdocs(ROOT, "serve", "--strict", "--dev-addr", address)


def main() -> int:
    """Run the command line; return the exit status."""
    parser = argparse.ArgumentParser(prog="./dev docs", description="Build the documentation into site/.")
    parser.add_argument("--serve", action="store_true", help="show it, and build again when a page changes")
    parser.add_argument("--address", default="127.0.0.1:8471", help="where to show it (default: %(default)s)")
    chosen = parser.parse_args()
    write_pages()
    try:
        if chosen.serve:
            serve(chosen.address)
        else:
            build(ROOT / "site")
            print(ROOT / "site" / "index.html")
    except subprocess.CalledProcessError as error:
        return error.returncode
    except KeyboardInterrupt:
        return 0
    return 0


def _mkdocs(source: Path, *words: str) -> None:
    argv = [sys.executable, "-m", "mkdocs", *words, "--config-file", str(source / "mkdocs.yml")]
    subprocess.run(argv, check=True)


if __name__ == "__main__":
    sys.exit(main())
