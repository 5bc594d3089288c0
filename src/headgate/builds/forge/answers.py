"""Reading what a forge answered. Pure."""

from __future__ import annotations

from typing import TypeVar

from pydantic import BaseModel, ValidationError

from headgate.builds.forge.interface import ForgeError

P = TypeVar("P", bound=BaseModel)


def read(kind: type[P], said: object, forge: str) -> P:
    """Read a part of an answer. ``forge``: what to call it in an error. Raises ForgeError."""
    try:
        return kind.model_validate(said)
    except ValidationError as error:
        where = ".".join(str(part) for part in error.errors()[0]["loc"])
        raise ForgeError(f"{forge}'s answer cannot be read at {where or 'its beginning'}", retry_after=60) from None
