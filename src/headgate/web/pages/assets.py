"""The style sheet and the scripts, by names that change with what they hold, so that browsers may keep them."""

from __future__ import annotations

import hashlib
from importlib.resources import files
from typing import Final

from fastapi import APIRouter
from fastapi.responses import Response

from headgate.errors import NotFoundError

router = APIRouter()
_TYPES: Final = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
_KEPT: Final = {
    item.name: item.read_bytes()
    for item in files("headgate.web.pages").joinpath("static").iterdir()
    if item.name.rpartition(".")[2] in _TYPES
}
_MARKS: Final = {name: hashlib.sha256(content).hexdigest()[:12] for name, content in _KEPT.items()}


def asset(name: str) -> str:
    """Return the path of an asset below the pages' root."""
    return f"/static/{_MARKS[name]}/{name}"


@router.get("/static/{mark}/{name}")
async def get_asset(mark: str, name: str) -> Response:
    """Return an asset; with its own mark, it may be kept for a year."""
    if name not in _KEPT:
        raise NotFoundError("there is no such file")
    kind = _TYPES[name.rpartition(".")[2]]
    keep = "public, max-age=31536000, immutable" if mark == _MARKS[name] else "no-cache"
    return Response(_KEPT[name], media_type=f"{kind}; charset=utf-8", headers={"Cache-Control": keep})
