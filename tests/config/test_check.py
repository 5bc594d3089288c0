"""Every mistake is named at once, with its line and the likely meant key, and no secret is ever shown."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from pydantic import Field, SecretStr, field_validator, model_validator

from headgate.config.check import check
from headgate.config.connector import ConnectorSettings
from headgate.config.load import load
from headgate.config.problem import Problem
from headgate.errors import ConfigError, NotFoundError

SECRET = "hunter2-hunter2"
NO_FILE = "names {}/none, which cannot be read: No such file or directory"
BAD_NAME = "a connector's name holds letters, digits, _ . - and begins with a letter"


class Pigeon(ConnectorSettings):
    """A kind of connector of these tests; its own checks are careless with secrets."""

    loft: str = Field(description="Where it starts.")
    ring: SecretStr | None = Field(None, description="Its secret.")

    @field_validator("ring")
    @classmethod
    def _says_too_much(cls, ring: SecretStr | None) -> SecretStr | None:
        if ring and not ring.get_secret_value().startswith("ring-"):
            raise ValueError(f"{ring.get_secret_value()} should begin with ring-")
        return ring

    @model_validator(mode="before")
    @classmethod
    def _says_even_more(cls, data: object) -> object:
        if isinstance(data, dict) and data.get("loft") == "":
            raise ValueError(f"no loft in {data}")
        return data


class Owl(ConnectorSettings):
    """Another kind, with a secret that is required."""

    seal: SecretStr = Field(description="Its secret.")


def kinds(kind: str) -> type[ConnectorSettings]:
    if kind == "owl":
        return Owl
    if kind != "pigeon":
        raise NotFoundError(f"there is no connector of kind {kind!r}; known: pigeon")
    return Pigeon


def problems(tmp_path: Path, text: str, mode: int = 0o640, **env: str) -> list[Problem]:
    path = tmp_path / "f.toml"
    path.write_text(text)
    path.chmod(mode)
    env = {"HEADGATE__NOTIFY__DEFAULT_CONNECTOR": "pigeon", **env}
    found = check(path, env=env, connector_settings=kinds, known_kinds=["pigeon", "mailto"])
    return [problem for problem in found if not problem.text.startswith("there is no [connectors.")]


def told(found: list[Problem]) -> list[tuple[int | None, str, str, str | None]]:
    return [(problem.line, problem.key, problem.text, problem.likely) for problem in found]


def test_every_kind_of_mistake_is_named_at_once(tmp_path: Path) -> None:
    text = """
[store]
url = "mysql://x"
[wacher]
interval = 3
[watcher]
intervall = 3
[notify]
attempts = "many"
jitter = true
slow_after = 3
[service]
parts = ["mail", "wroker"]
[logging]
level = "inf"
[hints]
qos_limits = { short = 60, long = -1 }
memory_text = "{asked.__class__}"
[connectors.pigeon]
lofd = "x"
[connectors.other]
kind = "pigen"
[connectors]
"""
    found = told(problems(tmp_path, text))
    assert found == [
        (3, "store.url", "should begin with sqlite:// or postgresql://", None),
        (4, "wacher", "unknown section", "[watcher]"),
        (7, "watcher.intervall", "unknown key", "interval"),
        (9, "notify.attempts", "should be a whole number", None),
        (10, "notify.jitter", "should be a number, not true or false", None),
        (11, "notify.slow_after", "unknown key", "slow_after in [watcher] or [nodes]"),
        (
            13,
            "service.parts[1]",
            (
                "should be 'watcher', 'nodes', 'push', 'mail', 'worker', 'bots', 'local', 'http', 'api', "
                "'pages', 'rules' or 'builds'"
            ),
            '"worker"',
        ),
        (15, "logging.level", "should be 'debug', 'info', 'warning' or 'error'", '"info"'),
        (17, "hints.qos_limits.long", "should be greater than or equal to 1", None),
        (
            18,
            "hints.memory_text",
            "has a placeholder that is not known here; there are {asked}, {enough}, {percent}, {used}",
            None,
        ),
        (19, "connectors.pigeon.loft", "is required", None),
        (20, "connectors.pigeon.lofd", "unknown key", "loft"),
        (22, "connectors.other.kind", "there is no connector of kind 'pigen'; known: pigeon", "pigeon"),
    ]


@pytest.mark.parametrize(
    ("text", "line", "key", "said"),
    [
        ("store = 3", 1, "store", "should be a table"),
        ("connectors = 3", 1, "connectors", "should be a table"),
        ("[connectors]\npigeon = 3", 2, "connectors.pigeon", "should be a table"),
        ("[connectors.pigeon]\nkind = 3", 2, "connectors.pigeon.kind", "should be a text"),
        ("[service]\nparts = 'mail'", 2, "service.parts", "should be a list"),
        ("[service]\nlisten = '8470'", 2, "service.listen", "should be HOST:PORT, [IPV6]:PORT or off"),
        ("[service]\nlisten = 'a:99999'", 2, "service.listen", "should be HOST:PORT, [IPV6]:PORT or off"),
        ("[watcher]\nmin_interval = 99", 1, "watcher", "min_interval should not be longer than interval"),
        ("[notify]\nbackoff_max = 1", 1, "notify", "backoff_first should not be longer than backoff_max"),
        ("[notify]\nlease = nan", 2, "notify.lease", "should be greater than 0"),
        ("[notify]\nlease = 2024-01-01", 2, "notify.lease", "should be a number"),
        ("lease = 3", 1, "lease", "unknown section"),
        (
            "[store]\nurl_file = 'none'",
            2,
            "store.url_file",
            NO_FILE,
        ),
        (
            "[connectors.'a b']\nkind='pigeon'\nloft='x'",
            1,
            'connectors."a b"',
            BAD_NAME,
        ),
        ("[store]\nvacuum = 'maybe'", 2, "store.vacuum", "should be true or false"),
    ],
)
def test_each_mistake_has_its_place_and_words(tmp_path: Path, text: str, line: int, key: str, said: str) -> None:
    (problem,) = problems(tmp_path, text)
    assert (problem.line, problem.key, problem.text) == (line, key, said.format(tmp_path))
    assert problem.file == str(tmp_path / "f.toml")


def test_a_mistake_of_the_environment_names_the_variable(tmp_path: Path) -> None:
    (unknown, wrong) = problems(tmp_path, "", HEADGATE__NOTIFY__LEESE="1", HEADGATE__STORE__POOL_SIZE="x")
    assert str(unknown) == "environment: HEADGATE__NOTIFY__LEESE: unknown key; did you mean lease?"
    assert str(wrong) == "environment: HEADGATE__STORE__POOL_SIZE: should be a whole number"


def test_slips_in_the_syntax_do_not_hide_other_mistakes(tmp_path: Path) -> None:
    found = told(problems(tmp_path, "[notify]\nlease = = 3\nleese = 3\nattempts = 3\nattempts = 4\n"))
    assert [(line, text) for line, _, text, _ in found] == [
        (2, "is not TOML: invalid value"),
        (3, "unknown key"),
        (5, "is there twice: this key or table was given before"),
    ]


def test_a_secret_that_cannot_be_fetched_is_not_missed_a_second_time(tmp_path: Path) -> None:
    assert told(problems(tmp_path, "[connectors.owl]\nseal_env = 'NOT_SET'")) == [
        (2, "connectors.owl.seal_env", "names the environment variable 'NOT_SET', which is not set", None)
    ]
    assert told(problems(tmp_path, "[connectors.owl]\n")) == [(1, "connectors.owl.seal", "is required", None)]


def test_a_default_connector_that_is_not_configured_is_warned_of(tmp_path: Path) -> None:
    path = tmp_path / "f.toml"
    path.write_text("[notify]\ndefault_connector = 'pigon'\n[connectors.pigeon]\nloft = 'x'\n")
    path.chmod(0o640)
    (problem,) = check(path, env={}, connector_settings=kinds)
    assert (problem.line, problem.severity, problem.likely) == (2, "warning", "pigeon")


def test_a_secret_in_a_file_everybody_can_read_is_warned_of(tmp_path: Path) -> None:
    text = "[store]\nurl = 'postgresql://a:b@c/d'\n[connectors.pigeon]\nloft='x'\nring='ring-1'\n"
    found = problems(tmp_path, text, mode=0o644)
    assert [(problem.line, problem.key, problem.severity) for problem in found] == [
        (2, "store.url", "warning"),
        (5, "connectors.pigeon.ring", "warning"),
    ]
    assert problems(tmp_path, text, mode=0o640) == []


@pytest.mark.parametrize(
    "text",
    [
        f"[store]\nurl = 'oracle://{SECRET}'",
        f"[store]\nurll = '{SECRET}'",
        f"[connectors.pigeon]\nloft = 'x'\nring = '{SECRET}'",
        f"[connectors.pigeon]\nloft = 'x'\nring = ['{SECRET}']",
        f"[connectors.pigeon]\nloft = ''\nring = '{SECRET}'",
        f"[connectors.pigeon]\nloft = 3\nrng = '{SECRET}'\nring_file = '/dev/null'",
        f"[connectors.pigeon]\nloft = ['{SECRET}']",
        f"[connectors.pigeon]\npassword = '{SECRET}",
        f"[connectors.pigeon]\npassword = {SECRET}",
        f"[logging]\nlevel = '{SECRET}'",
        f"[notify]\nlease = '{SECRET}'",
        f"password = '{SECRET}'\npassword = '{SECRET}'",
        f"[connectors]\npigeon = '{SECRET}'",
    ],
)
def test_what_was_given_is_never_repeated(tmp_path: Path, text: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    found = problems(tmp_path, text)
    assert found
    assert SECRET not in "".join(map(repr, found))
    with pytest.raises(ConfigError) as caught:
        load(tmp_path / "f.toml", env={}, connector_settings=kinds)
    assert SECRET not in str(caught.value)
    assert SECRET not in repr(caught.value.__context__)
    assert SECRET not in caplog.text
