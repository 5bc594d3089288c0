"""Secrets come from files, the environment or systemd credentials."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, SecretStr

from headgate.config.secrets import Places, Resolved, resolve


class Door(BaseModel):
    key: SecretStr | None = None
    name: str = ""


class House(BaseModel):
    password: SecretStr = SecretStr("")
    door: Door = Door()
    doors: dict[str, Door] = {}
    row: list[Door] = []
    codes: dict[str, SecretStr] = {}


def run(tree: dict[str, Any], directory: Path, env: dict[str, str] | None = None, stronger: str = "") -> Resolved:
    return resolve(tree, House, Places(env or {}, directory), stronger=lambda path: path[-1] == stronger)


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    path = tmp_path / "secret"
    path.write_text("hunter2\n")
    path.chmod(0o600)
    return path


def test_a_file_gives_its_text_without_the_newline(secret: Path) -> None:
    tree: dict[str, Any] = {"password_file": str(secret)}
    resolved = run(tree, Path("/"))
    assert tree == {"password": "hunter2"}
    assert resolved.via == {("password",): (("password_file",), f"file {secret}")}
    assert (resolved.mistakes, resolved.warnings, resolved.inline) == ([], [], [])


def test_a_relative_path_starts_beside_the_configuration(secret: Path) -> None:
    tree: dict[str, Any] = {"password_file": "secret"}
    run(tree, secret.parent)
    assert tree == {"password": "hunter2"}


def test_the_environment_and_credentials_give_secrets(secret: Path) -> None:
    tree: dict[str, Any] = {"password_env": "PW", "door": {"key_credential": "secret"}}
    run(tree, Path("/"), {"PW": "from-env", "CREDENTIALS_DIRECTORY": str(secret.parent)})
    assert tree == {"password": "from-env", "door": {"key": "hunter2"}}


def test_secrets_are_found_in_named_tables_and_lists(secret: Path) -> None:
    tree: dict[str, Any] = {"doors": {"a b": {"key_file": str(secret)}}, "row": [{}, {"key_file": str(secret)}]}
    resolved = run(tree, Path("/"))
    assert tree == {"doors": {"a b": {"key": "hunter2"}}, "row": [{}, {"key": "hunter2"}]}
    assert set(resolved.via) == {("doors", "a b", "key"), ("row", 1, "key")}


def test_secrets_in_the_configuration_itself_are_noted() -> None:
    assert run({"password": "x", "codes": {"a": "y"}}, Path("/")).inline == [("password",), ("codes",)]


def test_a_file_everybody_can_read_is_warned_of(secret: Path) -> None:
    secret.chmod(0o644)
    (warning,) = run({"password_file": str(secret)}, Path("/")).warnings
    assert warning == (
        ("password_file",),
        f"names {secret}, which everybody on this machine can read (chmod o= {secret})",
    )


@pytest.mark.parametrize(
    ("tree", "why"),
    [
        ({"password_file": "missing"}, "cannot be read: No such file"),
        ({"password_file": "empty"}, "which is empty"),
        ({"password_file": "pipe"}, "not a regular file"),
        ({"password_file": "huge"}, "larger than"),
        ({"password_file": "binary"}, "not UTF-8"),
        ({"password_file": 3}, "should be a text"),
        ({"password_file": "a\0b"}, "should be a text"),
        ({"password_env": "NOT_SET"}, "'NOT_SET', which is not set"),
        ({"password_credential": "x"}, "CREDENTIALS_DIRECTORY is not set"),
        ({"password_credential": "../x"}, "without slashes"),
        ({"password": "a", "password_file": "b"}, "says again what password says"),
    ],
)
def test_a_secret_that_cannot_be_had_is_a_mistake(tmp_path: Path, tree: dict[str, Any], why: str) -> None:
    (tmp_path / "empty").write_text("\n")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "huge").write_bytes(b"x" * 70_000)
    (tmp_path / "binary").write_bytes(b"\xff")
    (mistake,) = run(tree, tmp_path).mistakes
    assert why in mistake[1]


def test_a_secret_of_the_environment_takes_the_place_of_the_files() -> None:
    tree: dict[str, Any] = {"password": "file", "password_env": "PW"}
    resolved = run(tree, Path("/"), {"PW": "env"}, stronger="password_env")
    assert tree == {"password": "env"}
    assert resolved.mistakes == []


def test_a_key_that_is_no_secret_has_no_such_forms() -> None:
    tree: dict[str, Any] = {"door": {"name_file": "x"}}
    run(tree, Path("/"))
    assert tree == {"door": {"name_file": "x"}}
