from __future__ import annotations

import dataclasses

import pytest

from headgate.actions.catalogue import CATALOGUE, Catalogue
from headgate.errors import NotFoundError
from tests.actions.made import WALLS, look, paint


def test_actions_are_told_by_name_each_once() -> None:
    assert [one.name for one in WALLS] == ["wall.look", "wall.paint"]
    assert "wall.colour" in WALLS
    assert WALLS.get("wall.colour") is paint


def test_two_actions_of_one_name_are_a_mistake() -> None:
    with pytest.raises(ValueError, match="two actions"):
        Catalogue([look, paint, dataclasses.replace(look, name="wall.colour")])


def test_an_unknown_name_is_not_found() -> None:
    with pytest.raises(NotFoundError):
        WALLS.get("wall.tear")


def test_an_action_says_what_it_does_and_takes() -> None:
    assert paint.summary == "Paint walls."
    assert paint.description.endswith("cannot be painted.")
    assert paint.parameters_schema["required"] == ["walls"]
    assert paint.parameters_schema["additionalProperties"] is False
    assert paint.result_schema == {"type": "object", "additionalProperties": {"type": "boolean"}}


def test_every_action_documents_itself() -> None:
    for one in CATALOGUE:
        assert one.summary.endswith("."), one.name
        undescribed = [name for name, field in one.parameters.model_fields.items() if not field.description]
        assert undescribed == [], one.name
