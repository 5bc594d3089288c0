"""The specification (OpenAPI), as FastAPI makes it, put right: how errors look, and that none of ours is a 422."""

from __future__ import annotations

from typing import Any, Final

from fastapi import FastAPI

_PROBLEM: Final = {
    "title": "Problem",
    "description": "Problem details (RFC 9457).",
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
    },
    "example": {
        "type": "about:blank",
        "title": "Bad Request",
        "status": 400,
        "detail": "sbatch: error: invalid partition specified: nope",
    },
}
_FASTAPIS: Final = ("HTTPValidationError", "ValidationError")


class Described(FastAPI):
    """An application whose specification says what it does."""

    def openapi(self) -> dict[str, Any]:
        """Return the specification; it is made once."""
        if self.openapi_schema is None:
            made = super().openapi()
            for path in made["paths"].values():
                for operation in path.values():
                    operation["responses"].pop("422", None)
            schemas = made["components"]["schemas"]
            for name in _FASTAPIS:
                schemas.pop(name, None)
            schemas["Problem"] = _PROBLEM
            self.openapi_schema = made
        return self.openapi_schema
