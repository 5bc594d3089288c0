"""What we send, against Discord's own description of its API, where somebody has it at hand.

Set ``HEADGATE_DISCORD_OPENAPI`` to the file (https://github.com/discord/discord-api-spec, ``specs/openapi.json``).
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from headgate.bots.chat import Button
from headgate.connectors.bounds import within
from headgate.connectors.discord.rendering import BOUNDS, message_of
from headgate.connectors.samples import SAMPLES
from headgate.testing.conformance.hostile import HOSTILE, crowded_message, hostile_message

_FILE = os.environ.get("HEADGATE_DISCORD_OPENAPI", "")
pytestmark = pytest.mark.skipif(not _FILE, reason="HEADGATE_DISCORD_OPENAPI does not name Discord's OpenAPI file")
MESSAGES = {
    **SAMPLES,
    **{name: hostile_message(text) for name, text in HOSTILE.items()},
    "crowded": crowded_message(),
}


@pytest.fixture(scope="module")
def validator() -> Any:
    """Return what validates the body of a new message, with fields that are not described refused."""
    document = json.loads(Path(_FILE).read_text(encoding="utf-8"))
    for schema in document["components"]["schemas"].values():
        if schema.get("type") == "object" and "properties" in schema:
            schema.setdefault("additionalProperties", False)
    schema = {"$ref": "#/components/schemas/MessageCreateRequest", "components": document["components"]}
    return jsonschema.Draft202012Validator(schema)


@pytest.mark.parametrize("name", MESSAGES)
def test_a_message_is_as_discord_describes_it(validator: Any, name: str) -> None:
    for picture in (False, True):
        payload = message_of(
            within(MESSAGES[name], BOUNDS), key="k", picture=picture, buttons=(Button("Cancel", "cancel 1"),)
        )
        assert [error.message for error in validator.iter_errors(payload)] == []


def test_what_is_wrong_is_found(validator: Any) -> None:
    for wrong in ({"embeds": [{"color": "red"}]}, {"contents": "x"}, {"embeds": [{"title": "x" * 257}]}):
        assert list(validator.iter_errors(wrong))
