"""Job templates of the site: what there is, and what each takes."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Path
from pydantic import BaseModel

from headgate.gateway.templates.store import TemplateInfo
from headgate.web.api.asking import At, TheOwner

router = APIRouter(prefix="/templates", tags=["templates"])


class ShownTemplate(BaseModel):
    """A job template. ``parameters`` is a JSON Schema."""

    name: str
    title: str
    description: str
    parameters: dict[str, Any]
    problem: str | None = None


@router.get("")
async def list_templates(owner: TheOwner, at: At) -> list[ShownTemplate]:
    """List the templates this app may use."""
    return [_shown(one) for one in await asyncio.to_thread(at.templates.names, owner.app.name)]


@router.get("/{name}")
async def show_template(
    owner: TheOwner, at: At, name: Annotated[str, Path(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")]
) -> ShownTemplate:
    """Describe one template."""
    return _shown(await asyncio.to_thread(at.templates.describe, owner.app.name, name))


def _shown(info: TemplateInfo) -> ShownTemplate:
    return ShownTemplate(
        name=info.name,
        title=info.title,
        description=info.description,
        parameters=dict(info.parameters),
        problem=info.problem,
    )
