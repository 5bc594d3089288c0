"""Templates are found, described, checked and filled in; a broken one is in nobody's way."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from headgate.errors import NotFoundError
from headgate.gateway.templates.store import TemplateStore
from headgate.gateway.templates.values import TemplateError
from headgate.testing.cluster import Cluster

FIT = """\
#!/bin/bash
#SBATCH --comment={{ note }} --job-name=fit
{% for file in files %}
echo {{ file }}
{% endfor %}
srun fit --steps {{ steps }} {{ files }}
"""
SCHEMA = {
    "title": "Fit",
    "description": "Fits a model.",
    "type": "object",
    "properties": {
        "note": {"type": "string", "maxLength": 100, "default": ""},
        "steps": {"type": "integer", "minimum": 1},
        "files": {"type": "array", "items": {"type": "string"}},
    },
    "required": ["steps", "files"],
}


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    (tmp_path / "fit.j2").write_text(FIT)
    (tmp_path / "fit.json").write_text(json.dumps(SCHEMA))
    return tmp_path


def test_a_template_is_described_with_its_parameters(directory: Path) -> None:
    [info] = TemplateStore(directory).names("portal")
    assert (info.name, info.title, info.description, info.problem) == ("fit", "Fit", "Fits a model.", None)
    assert info.parameters == SCHEMA


def test_it_is_filled_in_with_defaults_and_quotes(directory: Path) -> None:
    script = TemplateStore(directory).render("portal", "fit", {"steps": 3, "files": ["a b", "c"]})
    assert script.splitlines() == [
        "#!/bin/bash",
        '#SBATCH --comment="" --job-name=fit',
        "HEADGATE_VALUE_0='a b'",
        "HEADGATE_VALUE_1=c",
        'echo "${HEADGATE_VALUE_0}"',
        'echo "${HEADGATE_VALUE_1}"',
        'srun fit --steps 3 "${HEADGATE_VALUE_0}" "${HEADGATE_VALUE_1}"',
    ]


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({"files": []}, "steps"),
        ({"steps": 0, "files": []}, "steps"),
        ({"steps": 1, "files": "x"}, "files"),
        ({"steps": 1, "files": [], "more": 1}, "more"),
        ({"steps": 1, "files": ["a\0b"]}, "NUL"),
    ],
)
def test_parameters_that_do_not_fit_are_refused(directory: Path, parameters: dict[str, Any], said: str) -> None:
    with pytest.raises(TemplateError, match=said):
        TemplateStore(directory).render("portal", "fit", parameters)


def test_an_apps_own_template_comes_first_and_is_nobody_elses(directory: Path) -> None:
    (directory / "portal").mkdir()
    (directory / "portal" / "fit.j2").write_text("#!/bin/sh\necho own\n")
    (directory / "portal" / "more.j2").write_text("#!/bin/sh\n")
    store = TemplateStore(directory)
    assert "own" in store.render("portal", "fit", {})
    assert [info.name for info in store.names("portal")] == ["fit", "more"]
    assert [info.name for info in store.names("other")] == ["fit"]
    with pytest.raises(NotFoundError):
        store.render("other", "more", {})


def test_a_template_that_changed_is_read_again(directory: Path) -> None:
    store = TemplateStore(directory)
    (directory / "x.j2").write_text("#!/bin/sh\necho one\n")
    assert "one" in store.render("portal", "x", {})
    (directory / "x.j2").write_text("#!/bin/sh\necho two\n")
    os.utime(directory / "x.j2", (2e9, 2e9))
    assert "two" in store.render("portal", "x", {})


@pytest.mark.parametrize(
    ("name", "text", "schema", "said"),
    [
        ("syntax", "#!/bin/sh\n{% if %}", None, "line 2"),
        ("schema", "#!/bin/sh\n", "{", "JSON"),
        ("kind", "#!/bin/sh\n", '{"type": 1}', "schema"),
    ],
)
def test_a_broken_one_says_so_and_hides_no_other(
    directory: Path, name: str, text: str, schema: str | None, said: str
) -> None:
    (directory / f"{name}.j2").write_text(text)
    if schema is not None:
        (directory / f"{name}.json").write_text(schema)
    found = {info.name: info for info in TemplateStore(directory).names("portal")}
    assert said in (found[name].problem or "")
    assert found["fit"].problem is None
    with pytest.raises(TemplateError):
        TemplateStore(directory).render("portal", name, {})


@pytest.mark.parametrize("name", ["../fit", "fit.j2/../fit", "", ".hidden", "x/y", "nothing"])
def test_what_is_no_template_is_not_there(directory: Path, name: str) -> None:
    with pytest.raises(NotFoundError):
        TemplateStore(directory).render("portal", name, {})


def test_a_link_out_of_the_directory_is_not_followed(directory: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    secret = tmp_path_factory.mktemp("elsewhere") / "secret.j2"
    secret.write_text("#!/bin/sh\n")
    (directory / "leak.j2").symlink_to(secret)
    with pytest.raises(NotFoundError):
        TemplateStore(directory).render("portal", "leak", {})


def test_without_a_directory_there_are_none() -> None:
    assert TemplateStore(None).names("portal") == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("#!/bin/sh\n{{ ''.__class__.__mro__ }}", "may not|none of"),
        ("#!/bin/sh\n{{ x.append(1) }}", "simple methods"),
        ("#!/bin/sh\n{% for i in range(1000000) %}{% endfor %}", "OverflowError|filled in"),
        (
            "#!/bin/sh\n{% for i in range(90000) %}{% for j in range(90000) %}{{ 'xxxxx' }}{% endfor %}{% endfor %}",
            "more",
        ),
        ("#!/bin/sh\n{{ missing }}", "missing"),
        ("#!/bin/sh\n{{ none }}", "neither"),
        ("#!/bin/sh\n{{ {'a': 1} }}", "neither"),
        ("echo no shebang", "#!"),
        ("#!/bin/sh\n{{ 'x' * 1000000000 }}", "only numbers"),
        ("#!/bin/sh\n{{ 10 ** 9 ** 9 }}", "too large"),
        ("#!/bin/sh\n{{ 1000000 ** 900 }}", "filled in|too large"),
        ("#!/bin/sh\n{{ 'x' | center(1000000000) }}", "no filter 'center'"),
        ("#!/bin/sh\n{% filter upper %}{{ x }}{% endfilter %}", "filterblock|no filter"),
        ("#!/bin/sh\n{% macro m() %}{{ x }}{% endmacro %}{{ m() ~ 'y' }}", "macro"),
        ("#!/bin/sh\n{% set y %}{{ x }}{% endset %}{{ y }}", "assignblock"),
        ("#!/bin/sh\n{% include 'x.j2' %}", "include"),
        ("#!/bin/sh\n{{ '\\x000\\x00' }}", "NUL"),
        ("#!/bin/sh\n{{ '\\x000\\x00' | raw }}", "NUL"),
        ("#!/usr/bin/env python3\nprint({{ 'text' }})", "only for a shell"),
        ("#!{{ '/bin/sh' }}\n", "interpreter"),
    ],
)
def test_what_a_template_may_not_is_refused(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "x.j2").write_text(text)
    with pytest.raises(TemplateError, match=said):
        TemplateStore(tmp_path).render("portal", "x", {"x": [1]})


def test_what_is_marked_raw_is_put_in_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "x.j2").write_text("#!/bin/sh\n{{ body | raw }}\n")
    assert TemplateStore(tmp_path).render("portal", "x", {"body": "echo $HOME"}) == "#!/bin/sh\necho $HOME\n"


def test_a_text_made_of_raw_text_and_another_is_a_value(tmp_path: Path) -> None:
    (tmp_path / "x.j2").write_text("#!/bin/sh\necho {{ (body | raw) ~ 'x' }}\n")
    script = TemplateStore(tmp_path).render("portal", "x", {"body": "$(id)"})
    assert script == "#!/bin/sh\nHEADGATE_VALUE_0='$(id)x'\necho \"${HEADGATE_VALUE_0}\"\n"


def test_a_number_may_stand_in_any_script(tmp_path: Path) -> None:
    (tmp_path / "x.j2").write_text("#!/usr/bin/env python3\nprint({{ steps * 2 }})\n")
    assert TemplateStore(tmp_path).render("portal", "x", {"steps": 4}).endswith("print(8)\n")


def test_a_table_is_handed_over_as_json(tmp_path: Path) -> None:
    (tmp_path / "x.j2").write_text("#!/bin/sh\nprintf %s {{ options | tojson }}\n")
    script = TemplateStore(tmp_path).render("portal", "x", {"options": {"a": "it's", "b": [1]}})
    printed = subprocess.run(["/bin/sh"], input=script.encode(), capture_output=True, check=True, env={}).stdout
    assert json.loads(printed) == {"a": "it's", "b": [1]}


@pytest.mark.parametrize("reference", ["https://example.org/schema.json", "file:///etc/passwd", "#/$defs/none"])
def test_a_schema_refers_to_nothing_outside(tmp_path: Path, reference: str) -> None:
    (tmp_path / "x.j2").write_text("#!/bin/sh\n")
    (tmp_path / "x.json").write_text(json.dumps({"properties": {"a": {"$ref": reference}}}))
    with pytest.raises(TemplateError, match="cannot be applied"):
        TemplateStore(tmp_path).render("portal", "x", {"a": 1})


def test_a_schema_that_is_a_link_out_of_the_directory_is_not_followed(
    directory: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    secret = tmp_path_factory.mktemp("elsewhere") / "secret.json"
    secret.write_text('{"title": "secret"}')
    (directory / "fit.json").unlink()
    (directory / "fit.json").symlink_to(secret)
    [info] = TemplateStore(directory).names("portal")
    assert (info.title, "link" in (info.problem or "")) == ("", True)


@pytest.mark.slurm
@pytest.mark.parametrize(
    "note", ["x --partition=nope", "it's", 'say "hi"', "a\\b", "# not a comment", "--hold", "a  b", "%j $HOME `id`"]
)
async def test_a_comment_is_a_comment_for_the_real_sbatch(directory: Path, slurm_cluster: Cluster, note: str) -> None:
    script = TemplateStore(directory).render("portal", "fit", {"steps": 1, "files": [], "note": note})
    job = await asyncio.to_thread(slurm_cluster.submit, "ada", script, "--output=/dev/null", "--hold")
    shown = await asyncio.to_thread(slurm_cluster.command, "scontrol", "--oneliner", "show", "job", str(job))
    assert f" Comment={note} " in shown
    assert " JobName=fit " in shown
    await asyncio.to_thread(slurm_cluster.command, "scancel", str(job))
