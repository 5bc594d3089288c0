"""Where somebody is sent on to once they are signed in: to a path of ours, and never elsewhere."""

from __future__ import annotations

import re
from typing import Final

HOME: Final = "/ui/"
_OURS: Final = re.compile(r"/ui(/[A-Za-z0-9._~!$&'()*+,;=:@%\[\]-]*)*(\?[\x21\x23-\x5b\x5d-\x7e]*)?")
"""Path and query of a page. No backslash, which browsers take for a slash, and nothing they leave out while reading."""
_LONGEST: Final = 2000
_DOTS: Final = re.compile(r"/(\.|%2e){1,2}(/|$)", re.IGNORECASE)


def ours(path: str) -> str:
    """Return a path if it is one of our pages, without signing in itself; else the overview's."""
    if len(path) > _LONGEST or not _OURS.fullmatch(path):
        return HOME
    way = path.partition("?")[0]
    if "//" in way or _DOTS.search(way) or way.startswith(("/ui/sign-", "/ui/live", "/ui/theme")):
        return HOME
    return path
