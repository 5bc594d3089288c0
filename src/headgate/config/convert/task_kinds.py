"""slurm-proxy's TASK_METADATA, which it kept in its code, as tables of Headgate. Pure: nothing of it is run."""

from __future__ import annotations

import ast
import json
import re
import warnings
from collections.abc import Collection, Hashable, Mapping
from typing import Final

from headgate.config.convert.given import Given
from headgate.config.convert.page import Page, Table, toml_key

_NAME: Final = "TASK_METADATA"
_METHODS: Final = {
    "email": "mailto",
    "gmail": "gmail",
    "slack": "slack",
    "rabbitmq": "rabbitmq",
    "rabbithq": "rabbitmq",
}
"""slurm-proxy's methods -> what the connector is called that was made for it."""
_PLAIN: Final = re.compile(r"[A-Za-z0-9_@%+=:,./-]*")
"""Words that are the same to a shell and to us."""
_ADDRESS: Final = re.compile(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*")
_CHANNEL: Final = re.compile(r"[#@]?[\w.-]{1,80}")
_QUEUE: Final = re.compile(r"[\w .:#*-]{1,255}")
_SECRETIVE: Final = re.compile(r"(?i)passw|passphrase|secret|token|credential|api[-_]?key|bearer|://[^/\s]*@")
"""What stands in a command near a secret."""
_DESTINATION: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_IDS: Final = re.compile(r"[A-Z][A-Z0-9]+")
"""What Slack's ids look like; names of channels have no capitals."""


def read_kinds(text: str, *, python: bool) -> Mapping[str, object]:
    """Return what TASK_METADATA holds, of slurm-proxy's ``constants.py`` or of JSON.

    Raises ValueError, in words that repeat nothing of the text.
    """
    try:
        found: object = _read_python(text) if python else json.loads(text)
    except SyntaxError as error:
        raise ValueError(f"line {error.lineno or 1} is no Python") from None
    except json.JSONDecodeError as error:
        raise ValueError(f"line {error.lineno} is no JSON") from None
    except (RecursionError, MemoryError):
        raise ValueError("it goes too deep") from None
    if isinstance(found, Mapping) and set(found) == {_NAME}:
        found = found[_NAME]
    if not isinstance(found, Mapping):
        raise ValueError(f"{_NAME} is no table")  # noqa: TRY004 - the file is wrong, not the program
    return {str(name): kind for name, kind in found.items()}


def _read_python(text: str) -> object:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Python's, of a backslash in somebody else's program
        program = ast.parse(text)
    for statement in program.body:
        targets = statement.targets if isinstance(statement, ast.Assign) else []
        if isinstance(statement, ast.AnnAssign):
            targets = [statement.target]
        if any(isinstance(one, ast.Name) and one.id == _NAME for one in targets):
            value = statement.value if isinstance(statement, ast.Assign | ast.AnnAssign) else None
            return None if value is None else _value(value)
    raise ValueError(f"it sets no {_NAME}")


def _value(node: ast.expr) -> object:
    """Return what is written there. A member of an enumeration (``NotificationMethod.EMAIL``) is its name."""
    if isinstance(node, ast.Constant) and (node.value is None or isinstance(node.value, str | int | float)):
        return node.value
    if isinstance(node, ast.Attribute):
        return node.attr.lower()
    if isinstance(node, ast.List | ast.Tuple):
        return [_value(one) for one in node.elts]
    if isinstance(node, ast.Dict) and None not in node.keys:
        pairs = [(_value(key), _value(one)) for key, one in zip(node.keys, node.values, strict=True) if key is not None]
        if all(isinstance(key, Hashable) for key, _ in pairs):
            return dict(pairs)
    raise ValueError(f"line {node.lineno} of {_NAME} is computed; write it out, or give it as JSON")


def carry_kinds(kinds: Mapping[str, object], page: Page, connectors: Collection[str]) -> None:
    """Write the table of each kind of task. ``connectors``: those that were made, by name."""
    for name, content in kinds.items():
        given, table = Given(content, f"{name}."), page.table(f"gateway.tasks.{toml_key(name)}")
        table.set("description", given.text("description"))
        _carry_command(name, given, table)
        _carry_notification(given.table("notification"), page, table, connectors)
        for words in given.odd():
            table.remark(words)
        for place in given.left():
            table.remark(f"{place}: nothing that slurm-proxy reads; it was left out.")


def _carry_command(name: str, given: Given, table: Table) -> None:
    command, default = given.text("cmd"), given.texts("default_params")
    if _SECRETIVE.search(" ".join([command, *default])):
        table.set(
            "cmd",
            "REPLACE-THIS",
            "cmd and default_params may hold a password or a token, and were not repeated. Have the program read it "
            "from a file: everybody on a node sees a program's arguments.",
        )
        return
    if command and not all(_PLAIN.fullmatch(word) for word in (command, *default)):
        line = " ".join([command, *default])
        why = "slurm-proxy put these words into a line of shell, and so does this; a task's own come as they are."
        table.set("cmd", "/bin/bash", why)
        table.set("default_params", ["-c", f'{line} "$@"', name])
        return
    if command:
        table.set("cmd", command)
    if default:
        table.set("default_params", default)


def _carry_notification(given: Given, page: Page, table: Table, connectors: Collection[str]) -> None:
    params = given.table("params")
    told: list[str] = []
    for method in (word.lower() for word in given.texts("methods")):
        if method == "test":
            params.note("test")
            table.remark("The method test only printed; it was left out.")
        elif method not in _METHODS:
            table.remark(f"A method is none of slurm-proxy's ({', '.join(_METHODS)}); it was left out.")
        elif (connector := _METHODS[method]) not in connectors:
            params.note(method)
            table.remark(f"No setting says how {method} is sent; it was left out.")
        elif target := _target(method, params.table(method), page):
            told.append(f"{connector}:{target}")
        else:
            table.remark(f"The method {method} names nobody, or nobody who can be told; it was left out.")
    if told:
        table.set("notify", list(dict.fromkeys(told)))


def _target(method: str, own: Given, page: Page) -> str:
    own.note("sender", "subject", "body", "msg", "recipient", "channel", "queue", "exchange", "routing_key")
    match method:
        case "email" | "gmail":
            recipient = own.text("recipient")
            return recipient if _ADDRESS.fullmatch(recipient) else ""
        case "slack":
            channel = own.text("channel")
            if not _CHANNEL.fullmatch(channel):
                return ""
            return channel if channel[0] in "#@" or _IDS.fullmatch(channel) else f"#{channel}"
        case _:
            return _destination(own, page)


def _destination(own: Given, page: Page) -> str:
    """Write where messages for a queue go, and return what that is called."""
    queue, exchange, routing_key = own.text("queue"), own.text("exchange"), own.text("routing_key")
    if not _QUEUE.fullmatch(queue) or not all(not text or _QUEUE.fullmatch(text) for text in (exchange, routing_key)):
        return ""
    name = queue if _DESTINATION.fullmatch(queue) else re.sub(r"[^A-Za-z0-9]+", "-", queue).strip("-")[:64] or "tasks"
    table = page.table(f"connectors.rabbitmq.destinations.{toml_key(name)}")
    if table.lines:
        return name
    if exchange:
        table.set("exchange", exchange)
        table.set("routing_key", routing_key)
    elif routing_key in ("", queue):
        table.set("queue", queue)
    else:
        table.set("routing_key", routing_key, f"slurm-proxy made the queue {queue}, and sent to this one.")
    return name
