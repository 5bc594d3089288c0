"""``headgate config convert`` repeats no secret of a file, wherever in the file it is and however broken the file is.

Files are made at random, with one marker in every place where a secret can be: in values, on the second lines of
values, in addresses, in keys, in comments, beside settings, in what is no YAML, no Python and no JSON.
"""

from __future__ import annotations

import contextlib
import io
import json
import logging
import os
import stat
import string
import tempfile
import tomllib
import traceback
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import event, given, settings
from hypothesis import strategies as st

from headgate.cli.main import headgate
from headgate.errors import ConfigError

marker = st.text(alphabet=string.ascii_letters + string.digits, min_size=16, max_size=24)
M = "{m}"
"""Stands where the marker goes."""
ID = "a9a5fc66-9bed-4a13-874a-d8d7d1756224"
URLS = [
    "http://ada:{m}@host.example.org/", "http://{m}@host.example.org:6820", "http://host.example.org/?token={m}",
    "http://host.example.org/{m}#{m}", "http://ada:1/{m}@host.example.org", "http+unix:///d?socket=/run/s&key={m}",
    "http+unix:///d?socket=/run/s;{m}", "http+unix://{m}/{m}?sock={m}", "ftp://ada:{m}@host/",
]  # fmt: skip


def yaml_value(key: str, good: str, *, secret: bool = False) -> st.SearchStrategy[str]:
    """Lines that set a key: as it should be, with a secret beside the value, or with one in its place."""
    alone = [f"{key}: {M}", f'{key}: "{M}"', f"{key}: {M}{M}"] if secret else [f"{key}: {good}"]
    return st.sampled_from(
        [
            *alone,
            "",
            f"{key}: {good} token={M}",
            f"{key}: {good}\n    {M}",
            f'{key}: "{good}\n    {M}"',
            f'{key}: "{good}\\n{M}"',
            f"{key}: '{good}\n\n    {M}'",
            f"{key}: |\n    {good}\n    {M}",
            f"{key}: >-\n    {good}\n    {M}",
            f"{key}: {good} # {M}",
            f"{key}: [{good}, {M}]",
            f"{key}: {{{M}: {M}}}",
            f"{key}: {{{good}, {M}}}",
            f"{key}: !!bool token={M}",
            f"{key}: !!int {M}\n    {M}",
            f"{key}: &{M} {good}",
            f"{key}: {good}\n{M}: x",
            f"? {M}\n: {M}",
            f"password: {M}",
        ]
    )


def yaml_table(keys: Sequence[st.SearchStrategy[str]], indent: str) -> st.SearchStrategy[str]:
    return st.tuples(*keys).map(
        lambda lines: "".join(f"{indent}{line}\n" for one in lines if one for line in one.split("\n"))
    )


url = st.sampled_from(URLS)
BROKEN = [
    f"{M}\n", f"{M}: {M}: [\n", f"\t{M}: x\n", f"x: *{M}\n", f"x: !{M} y\n", f"x: !!binary {M}\n", f'x: "{M}\n',
    f'"{M}\\q": 1\n', f"x: &{M} 1\ny: &{M} 2\n z: {M}\n", f"<<: {M}\n", f"? [{M}]\n: x\n", f"\x01{M}\n",
]  # fmt: skip
broken = st.just("") | st.sampled_from(BROKEN)


@st.composite
def slurmers(draw: st.DrawFn) -> str:
    """A file of Slurmer's."""
    rest = draw(yaml_table([yaml_value("url", "http://host.example.org") | url.map(lambda u: f'url: "{u}"')], "  "))
    own = draw(
        yaml_table(
            [
                yaml_value(key, good)
                for key, good in {
                    "ip": "127.0.0.1", "port": "8080", "connector": "slurmcli", "working_dir": "/var/lib/slurmer",
                    "templates_dir": "/etc/slurmer", "executor_path": "/usr/bin/executor", "poll_interval": "20",
                }.items()
            ],
            "  ",
        )
    )  # fmt: skip
    logs = draw(yaml_table([yaml_value(key, "text") for key in ("format", "stdout", "output", "level")], "    "))
    names = [yaml_value("name", "portal"), yaml_value("uuid", ID), yaml_value("token", M, secret=True)]
    apps = [draw(yaml_table(names, "      ")) for _ in range(draw(st.integers(0, 2)))]
    flow = draw(st.sampled_from(["", f"    - {M}\n", f"    - {{name: a, token: {M}, uuid: {ID}, {M}}}\n"]))
    oidc = draw(
        yaml_table(
            [
                yaml_value("enabled", "true") | yaml_value("enabled", "false"),
                yaml_value("issuer", "https://login.example.org") | url.map(lambda u: f'issuer: "{u}"'),
                yaml_value("audience", "slurmer") | url.map(lambda u: f'audience: "{u}"'),
                yaml_value("client_secret", M, secret=True),
            ],
            "  ",
        )
    )
    key = draw(st.sampled_from(["", f"jwt_public_key: |\n  -----BEGIN KEY-----\n  {M}\n", f"jwt_public_key: {M}\n"]))
    listed = "".join(f"    -\n{app}" for app in apps if app)
    tables = [
        f"slurmrest:\n{rest}" if rest else "",
        f"slurmer:\n{own}  logs:\n{logs}  applications:\n{listed}{flow}",
        f"oidc:\n{oidc}" if oidc else "",
        key,
        draw(broken),
    ]
    return "".join(draw(st.permutations(tables[:4]))) + tables[4]


SECRET = ("SLURM_JWT_HS256_KEY_BASE64", "MONGODB_URI", "RABBITMQ_PASSWORD", "SMTP_PASSWORD", "SLACK_BOT_TOKEN")
PLAIN = {
    "FLASK_APP_NAME": "proxy", "FLASK_APP_HOST": "10.1.2.3", "FLASK_APP_PORT": "5001", "FLASK_APP_DEBUG_MODE": "True",
    "SLURM_REST_HOST": "https://host.example.org", "SLURM_REST_URL": "https://host.example.org",
    "SLURM_REST_API_DATA_PARSER_PLUGIN_VERSION": "0.0.42", "SLURM_REST_JWT_EXPIRATION_TIME": "60",
    "SSH_USERNAME": "proxy", "SSH_PRIVATE_KEY_PATH": "/root/key", "MONGODB_TIMEOUT": "20", "RABBITMQ_USERNAME": "proxy",
    "MONITOR_POLLING_INTERVAL": "2", "RABBITMQ_HOST": "mq.example.org", "RABBITMQ_PORT": "5672",
    "RABBITMQ_PATH": "/jobs",
    "SMTP_SERVER": "smtp.example.org", "SMTP_PORT": "25", "SMTP_USERNAME": "robot@example.org",
    "GMAIL_CREDENTIALS_PATH": "/root/gmail.json", "SLACK_CHANNEL": "general",
}  # fmt: skip


def env_lines(name: str, good: str) -> st.SearchStrategy[str]:
    """Lines that set a variable: as it should be, with a secret beside the value, or with one in its place."""
    forms = [
        f"{name}={M}" if name in SECRET else f"{name}={good}",
        f"{name}={good} token={M}",
        f"{name}={good}\n{M}",
        f"{name}={good}\n{M}=",
        f"{name}={good}\n\n{M}==\n{M}",
        f"{name}={good}\\\n{M}",
        f"{name}='{good}\n{M}'",
        f'{name}="{good}\n{M}=x"',
        f'{name}="{good}\\n{M}"',
        f'{name}="{good}\n{M}',
        f'{name}="{good}" {M}',
        f"{name}='{good}'{M}",
        f"{name}={good} # {M}",
        f"{name}: {M}",
        f"{name} {M}={M}",
        f"export {M}",
        f"X_PASSWORD={M}",
        f"'{good}\n{M}'={M}",
        f"{name}=-----BEGIN KEY-----\n{M}\n{M}=\n-----END KEY-----",
    ]
    return st.sampled_from([one.replace(name, f"{prefix}{name}") for one in forms for prefix in ("", "NOTIFICATIONS_")])


@st.composite
def environments(draw: st.DrawFn) -> str:
    """A file of slurm-proxy's variables."""
    names = draw(st.lists(st.sampled_from([*SECRET, *PLAIN]), unique=True, max_size=12))
    lines = []
    for name in names:
        lines.append(draw(env_lines(name, PLAIN.get(name, M))))
        if name in PLAIN and draw(st.booleans()):
            lines[-1] = f"{name}={draw(url)}"
    return "\n".join(lines)


@st.composite
def constants(draw: st.DrawFn) -> tuple[str, str]:
    """What slurm-proxy's kinds of task are in: the name of a file, and its text."""
    one = st.sampled_from
    wild = [M, f"x {M}", *URLS, f"a\n{M}", f"amqp://ada:{M}@mq/", f"x?{M}"]
    methods = draw(st.lists(one(["email", "gmail", "slack", "rabbitmq", "rabbithq", "test", M]), max_size=4))
    secret: dict[str, Any] = draw(one([{}, {"password": M}, {M: 1}, {M: {M: M}}]))
    params: dict[str, Any] = {
        method: {
            "sender": M, "subject": M, "body": M, "msg": M,
            "recipient": draw(one(["ada@example.org", f"ada@example.org?{M}", *URLS])),
            "channel": draw(one(["general", f"https://hooks.example.org/{M}", f"general {M}=", *URLS])),
            "queue": draw(one(["q", f"amqp://ada:{M}@mq/", *URLS])),
            "exchange": draw(one(["", f"amqp://ada:{M}@mq/"])),
            "routing_key": draw(one(["q", "other", f"amqp://ada:{M}@mq/"])),
            **secret,
        }
        for method in methods
    }  # fmt: skip
    kind: dict[str, Any] = {
        "cmd": draw(one(["echo", f"fit --password={M}", f"curl http://ada:{M}@h/", f"API_KEY={M} fit"])),
        "default_params": draw(one([[], ["-c"], ["--token", M], [f"https://{M}@host/"], {M: M}])),
        "description": "Runs",
        "notification": draw(one([{"methods": methods, "params": params}, M, [M], {M: M}])),
        **secret,
    }
    whole = {"TASK_METADATA": {"kind": kind, "other": draw(one([{}, M, [M]]))}}
    if draw(st.booleans()):
        return "tasks.json", json.dumps(whole) + draw(one(["", "", M, f'{{"{M}": {M}']))
    text = f'PASSWORD = os.getenv("X", "{M}")\nPATTERN = "\\d{M}"\nTASK_METADATA = {whole["TASK_METADATA"]!r}\n'
    more = ["", "", f"TASK_METADATA[{M!r}] = {M}\n", f'X = "{M}\n', f"{M} {M}\n", f"f({M}=1, {M}=2)\n", f"0x{M} = 1\n"]
    head = ["", "", f"TASK_METADATA = {{[{M!r}]: 1}}\n", f"TASK_METADATA = {M}\n", f"TASK_METADATA = {{{M!r}}}\n"]
    return "constants.py", draw(one(head)) + text + draw(one([*more, *(f"{one_!r}\n" for one_ in wild)]))


@contextlib.contextmanager
def logged() -> Iterator[io.StringIO]:
    """What is logged and warned of, with everything that a formatter would write of it."""
    written = io.StringIO()
    handler, root = logging.StreamHandler(written), logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        with warnings.catch_warnings(record=True) as found:
            warnings.simplefilter("always")
            yield written
            written.write(" ".join(str(one.message) for one in found))
    finally:
        root.removeHandler(handler)
        root.setLevel(level)


def converted(secret: str, command: list[str], files: dict[str, str]) -> str:
    """Convert files in a directory of their own; return standard output, if nothing shows the secret."""
    with tempfile.TemporaryDirectory() as directory:
        for name, text in files.items():
            Path(directory, name).write_bytes(text.replace(M, secret).encode())
        before, was = set(files), Path.cwd()
        os.chdir(directory)
        try:
            with logged() as log:
                done = CliRunner().invoke(headgate, ["config", "convert", *command])
        finally:
            os.chdir(was)
        said = done.stdout + done.stderr + log.getvalue()
        if done.exception is not None:
            assert isinstance(done.exception, ConfigError | SystemExit), done.exception
            said += "".join(traceback.format_exception(done.exception)) + repr(vars(done.exception))
        made = [path for path in Path(directory).rglob("*") if path.name not in before]
        for path in made:
            assert stat.S_IMODE(path.stat().st_mode) == 0o600
            said += path.read_text()
        event(f"exit status {done.exit_code}, files made: {len(made)}")
        assert secret.lower() not in said.lower()
        return done.stdout if done.exit_code == 0 else ""


@settings(deadline=None, max_examples=100)
@given(secret=marker, text=slurmers())
def test_no_secret_of_slurmers_file_is_repeated_anywhere(secret: str, text: str) -> None:
    tomllib.loads(converted(secret, ["slurmer", "config.yml", "--apps", "apps.json"], {"config.yml": text}))


@settings(deadline=None, max_examples=100)
@given(secret=marker, text=environments(), kinds=st.none() | constants())
def test_no_secret_of_slurm_proxys_files_is_repeated_anywhere(
    secret: str, text: str, kinds: tuple[str, str] | None
) -> None:
    files, command = {".env": text}, ["slurm-proxy", ".env"]
    if kinds is not None:
        files[kinds[0]] = kinds[1]
        command += ["--tasks", kinds[0]]
    tomllib.loads(converted(secret, command, files))


@pytest.mark.parametrize(
    ("name", "text"), [("g.toml", "a = {hunter2 = 1, hunter2 = 2}\n"), ("g.conf", '{"hunter2": hunter2}')]
)
def test_a_mistake_in_a_file_of_goslmailers_names_the_line_and_repeats_nothing(
    name: str, text: str, tmp_path: Path
) -> None:
    (tmp_path / name).write_text(text)
    done = CliRunner().invoke(headgate, ["config", "convert", "goslmailer", str(tmp_path / name)])
    assert isinstance(done.exception, ConfigError)
    assert "that can be read (line " in done.exception.message
    assert "hunter2" not in "".join(traceback.format_exception(done.exception))
