"""What becomes of an action's parameters in StackStorm's metadata."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import jsonschema
import pytest
from pydantic import BaseModel, Field, SecretStr

from headgate.actions.action import Action, Call, Parameters, action
from headgate.model.role import Role
from headgate.pack.parameters import LONGEST, metadata_of, renamed
from tests.pack.stackstorm_schemas import PARAMETERS, check


class Span(BaseModel):
    start: str
    hours: float = Field(1.0, gt=0, le=48, description="How long.")


class Props(BaseModel):
    users: str | None = Field(None, pattern="^a", description="Whose.")
    start: Span | None = None


class Everything(Parameters):
    nodes: tuple[str, ...] | str = Field(description="Which nodes.")
    count: int = Field(3, ge=1, description="How many.")
    ratio: float | None = Field(None, gt=0, lt=1, description="How much of it.")
    kind: Literal["a", "b"] = Field("a", description="Which kind.")
    only: Literal["this"] = Field("this", description="The only one.")
    password: SecretStr = Field(SecretStr("hidden"), description="Secret.")
    span: Span | None = Field(None, description="When.")
    words: dict[str, str] = Field(default_factory=dict, description="Words.")
    mixed: int | bool = Field(1, description="A number or a flag.")
    anything: dict[str, Any] = Field(default_factory=dict, description="Whatever.")
    props: Props = Field(Props(), description="What it is like.")
    names: Annotated[list[str], Field(max_length=4)] = Field(description="Names.")


@action("slurm.everything", role=Role.VIEWER)
async def everything(asked: Everything, call: Call) -> None:
    """Take everything."""


EXPECTED: dict[str, dict[str, Any]] = {
    "nodes": {"type": "array", "required": True},
    "count": {"type": "integer", "minimum": 1, "default": 3},
    "ratio": {
        "type": "number", "minimum": 0, "exclusiveMinimum": True, "maximum": 1, "exclusiveMaximum": True,
    },
    "kind": {"type": "string", "enum": ["a", "b"], "default": "a"},
    "only": {"type": "string", "enum": ["this"], "default": "this"},
    "password": {"type": "string", "secret": True},
    "span": {
        "type": "object",
        "properties": {"start": {"required": True}, "hours": {"description": "How long."}},
    },
    "words": {"type": "object"},
    "mixed": {"anyOf": [{"type": "integer"}, {"type": "boolean"}], "default": 1},
    "anything": {"type": "object"},
    "props": {
        "type": "object",
        "properties": {"users": {"description": "Whose."}, "start": {}},
    },
    "names": {"type": "array", "maxItems": 4, "required": True},
}  # fmt: skip


@pytest.mark.parametrize("name", EXPECTED)
def test_a_parameter_says_the_same_in_stackstorms_words(name: str) -> None:
    found = dict(metadata_of(everything)[name])
    assert found.pop("description")
    assert found == EXPECTED[name]


def test_all_of_it_is_what_stackstorm_takes() -> None:
    assert metadata_of(everything).keys() == EXPECTED.keys()
    check(metadata_of(everything), PARAMETERS)


def test_the_check_refuses_what_stackstorm_refuses() -> None:
    refused: list[dict[str, Any]] = [
        {"a b": {}},
        {"a": {"format": "date"}},
        {"a": {"type": ["string", "null"]}},
        {"a": {"required": []}},
    ]
    for wrong in refused:
        with pytest.raises(jsonschema.ValidationError):
            check(wrong, PARAMETERS)


def changing(parameters: type[Parameters]) -> Action[Any, Any]:
    async def work(asked: Parameters, call: Call) -> None:
        """Change something."""

    work.__annotations__["asked"] = parameters
    return action("slurm.change", role=Role.OPERATOR, mutating=True)(work)


class Waiting(Parameters):
    timeout: float = Field(60.0, description="Seconds to wait.")
    env: dict[str, str] = Field(default_factory=dict, description="Variables.")


def test_names_that_are_the_runners_get_others() -> None:
    waiting = changing(Waiting)
    found = metadata_of(waiting)
    assert renamed(waiting) == {"action_timeout": "timeout", "action_env": "env"}
    assert found["action_timeout"] == {"type": "number", "default": 60.0, "description": "Seconds to wait."}
    assert found["timeout"]["default"] == LONGEST
    assert "env" not in found


def test_what_changes_something_has_a_dry_run_and_a_reason() -> None:
    assert metadata_of(changing(Waiting)).keys() >= {"dry_run", "why"}
    assert not metadata_of(everything).keys() & {"dry_run", "why"}


class Own(Parameters):
    why: str = Field(description="Its own.")


class Dashed(Parameters):
    name: str = Field(alias="a-name", description="No name in StackStorm.")


def test_names_that_cannot_be_are_refused_while_building() -> None:
    with pytest.raises(ValueError, match="of its own called why"):
        metadata_of(changing(Own))
    with pytest.raises(ValueError, match="no parameter 'a-name'"):
        metadata_of(changing(Dashed))
