"""The reference names every setting there is."""

from __future__ import annotations

import enum
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, Field, SecretStr

from headgate.config.builds import GitHubSettings, GitLabSettings
from headgate.config.connector import ConnectorSettings
from headgate.config.reference import settings_reference, toml_value, value_words
from headgate.config.schema import inner_model
from headgate.config.settings import Settings
from headgate.connectors.registry import kinds, settings_of


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


def test_every_section_and_every_key_has_its_line() -> None:
    text = settings_reference({kind: settings_of(kind) for kind in kinds()})
    for section, info in Settings.model_fields.items():
        found = inner_model(info.annotation)
        assert found is not None
        if found[0] != "table":
            continue
        part = text.partition(f"## `[{section}]`")[2].partition("\n## ")[0]
        for name, field in found[1].model_fields.items():
            assert f"| `{name}` | " in part
            assert (field.description or "").replace("|", "\\|") in part
    for kind in kinds():
        part = text.partition(f'kind = "{kind}"`')[2].partition("\n## `[connectors.NAME],")[0]
        assert all(f"| `{name}` | " in part for name in settings_of(kind).model_fields)


def test_a_table_has_four_cells_a_line_whatever_a_description_holds() -> None:
    class Odd(ConnectorSettings):
        """Odd."""

        odd: str = Field("a|b", description="One | two\nthree.")

    line = next(line for line in settings_reference({"odd": Odd}).splitlines() if line.startswith("| `odd`"))
    assert line == '| `odd` | text | `"a\\|b"` | One \\| two three. |'


def test_a_secret_says_where_else_it_may_stand() -> None:
    assert "Also as `url_file`, `url_env`, `url_credential`." in settings_reference({})


@pytest.mark.parametrize(
    ("annotation", "words"),
    [
        (int, "whole number"),
        (Path | None, "path"),
        (int | str, "whole number or text"),
        (Literal["a", "b"], "one of `a`, `b`"),
        (Literal["a"], "`a`"),
        (Colour, "one of `red`, `blue`"),
        (tuple[str, ...], "list of text"),
        (dict[str, Annotated[int, "x"]], "table of whole number"),
        (SecretStr, "text, secret"),
        (BaseModel, "table"),
    ],
)
def test_a_value_is_told_in_words(annotation: Any, words: str) -> None:
    assert value_words(annotation) == words


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (True, "true"),
        (0.5, "0.5"),
        ('a"\n', '"a\\"\\n"'),
        (Path("/x"), '"/x"'),
        (("a", 1), '["a", 1]'),
        ({"a": 1}, '{ "a" = 1 }'),
        ({}, "{}"),
        (Colour.RED, '"red"'),
    ],
)
def test_a_default_is_written_as_in_the_file(value: Any, text: str) -> None:
    assert toml_value(value) == text


def test_tables_that_may_have_several_models_have_a_section_for_each() -> None:
    text = settings_reference({})
    for kind, model in (("github", GitHubSettings), ("gitlab", GitLabSettings)):
        part = text.partition(f'## `[builds.forges.NAME], kind = "{kind}"`')[2].partition("\n## ")[0]
        assert all(f"| `{name}` | " in part for name in model.model_fields)
    assert "`token_file`" in text
    assert "## `[[builds.job_arguments]]`" in text
