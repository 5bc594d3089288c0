"""The generated reference is complete: what the code has, its pages name."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from prometheus_client import REGISTRY
from pydantic import BaseModel

from headgate import errors
from headgate.actions.catalogue import CATALOGUE
from headgate.cli.main import headgate
from headgate.config.connector import ConnectorSettings
from headgate.config.schema import inner_model
from headgate.config.settings import Settings
from headgate.connectors.registry import kinds, settings_of
from headgate.model.delivery import DeliveryState, Reason
from headgate.model.event import EventKind, Source
from headgate.model.mail import MailKind
from headgate.model.message import Message, Outcome
from headgate.model.states import JobFlag, JobState
from scripts.docs import write_pages
from scripts.reference import PAGES
from scripts.reference.actions import anchor
from scripts.reference.markdown import member_notes


@pytest.fixture(scope="module")
def reference() -> dict[str, str]:
    return {name: page() for name, page in PAGES.items()}


def _sections(model: type[BaseModel], name: str) -> Iterator[tuple[str, type[BaseModel]]]:
    """Yield every table with its model; that of a connector depends on its kind."""
    if model is not Settings:
        yield name, model
    for key, info in model.model_fields.items():
        found = inner_model(info.annotation)
        if found and found[1] is not ConnectorSettings:
            yield from _sections(found[1], f"{name}.{key}")


def _commands(command: click.Command, path: str) -> Iterator[tuple[str, click.Command]]:
    yield path, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            assert below is not None
            yield from _commands(below, f"{path} {name}")


def test_every_setting_is_there(reference: dict[str, str]) -> None:
    models = [*_sections(Settings, ""), *(pair for kind in kinds() for pair in _sections(settings_of(kind), kind))]
    rows = reference["settings.md"].splitlines()
    missing = {
        f"{name}.{key}"
        for name, model in models
        for key, info in model.model_fields.items()
        if not any(row.startswith(f"| `{key}` |") and _begin(info.description) in row for row in rows)
    }
    assert missing == set()


def _begin(description: str | None) -> str:
    assert description, "a setting has no description"
    return description.replace("|", "\\|")[:40]


def test_every_section_has_a_heading(reference: dict[str, str]) -> None:
    sections = {name for name, info in Settings.model_fields.items() if name not in ("connectors", "clusters")}
    headings = set(re.findall(r"^## `\[(\w+)\]`$", reference["settings.md"], re.MULTILINE))
    assert sections <= headings


def test_every_kind_of_event_and_witness_is_there_with_its_meaning(reference: dict[str, str]) -> None:
    for enumeration in (EventKind, Source):
        notes = member_notes(enumeration)
        for member in enumeration:
            assert f"| `{member.value}` | {notes[member.name]} |" in reference["events.md"]


def test_every_kind_of_mail_is_there(reference: dict[str, str]) -> None:
    assert [kind for kind in MailKind if f"`{kind.value}`" not in reference["events.md"]] == []


def test_every_error_is_there(reference: dict[str, str]) -> None:
    classes = [
        name for name, item in vars(errors).items() if inspect.isclass(item) and issubclass(item, errors.HeadgateError)
    ]
    assert [name for name in classes if f"| `{name}` |" not in reference["errors.md"]] == []


def test_the_tree_of_errors_names_every_error(reference: dict[str, str]) -> None:
    tree = reference["errors.md"].split("```")[1]
    classes = [name for name, item in vars(errors).items() if inspect.isclass(item)]
    assert [name for name in classes if not re.search(rf"\b{name}\b", tree)] == []


@pytest.mark.parametrize("enumeration", [DeliveryState, Reason])
def test_every_state_and_reason_is_there_with_its_meaning(
    enumeration: type[DeliveryState | Reason], reference: dict[str, str]
) -> None:
    notes = member_notes(enumeration)
    for member in enumeration:
        assert re.search(
            rf"^\| `{member.value}` \|.*{re.escape(notes[member.name])}", reference["states.md"], re.MULTILINE
        )


def test_every_job_state_and_flag_is_there(reference: dict[str, str]) -> None:
    names = [state.text for state in JobState] + [flag.name for flag in JobFlag]
    assert [name for name in names if f"| `{name}` |" not in reference["states.md"]] == []


def test_every_field_of_a_message_and_every_outcome_is_there(reference: dict[str, str]) -> None:
    names = [*Message.model_fields, *(outcome.value for outcome in Outcome)]
    assert [name for name in names if f"| `{name}` |" not in reference["messages.md"]] == []


def test_every_metric_of_the_registry_is_there(reference: dict[str, str]) -> None:
    exposed = {
        f"{family.name}_total" if family.type == "counter" else family.name
        for family in REGISTRY.collect()
        if family.name.startswith("headgate_")
    }
    assert len(exposed) > 10
    assert {name for name in exposed if f"| `{name}` |" not in reference["metrics.md"]} == set()


def test_every_action_is_there_with_its_parameters_and_their_meaning(reference: dict[str, str]) -> None:
    parts = re.split(r"^## ", reference["actions.md"], flags=re.MULTILINE)
    sections = {part.partition("\n")[0]: part for part in parts}
    actions = list(CATALOGUE)
    assert len(actions) >= 3
    for one in actions:
        assert f"| [`{one.name}`](#{anchor(one.name)}) | {one.role.value} |" in parts[0]
        for name, field in one.parameters.model_fields.items():
            rows = [row for row in sections[one.name].splitlines() if row.startswith(f"| `{name}` |")]
            assert any(_begin(field.description) in row for row in rows), (one.name, name)


def test_every_command_and_every_option_is_there(reference: dict[str, str]) -> None:
    parts = re.split(r"^##+ ", reference["cli.md"], flags=re.MULTILINE)
    sections = {part.partition("\n")[0]: part for part in parts}
    for path, command in _commands(headgate, "headgate"):
        assert path in sections
        for parameter in command.params:
            if isinstance(parameter, click.Option):
                assert all(option in sections[path] for option in parameter.opts), (path, parameter.name)


def test_writing_twice_changes_nothing_and_takes_away_what_is_no_page(tmp_path: Path) -> None:
    first = {path: path.read_text() for path in write_pages(tmp_path)}
    (tmp_path / "old.md").write_text("# Old\n")
    second = {path: path.read_text() for path in write_pages(tmp_path)}
    assert first == second
    assert sorted(tmp_path.iterdir()) == sorted(second)
