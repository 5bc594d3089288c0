"""The connectors of goslmailer: which setting of Headgate each key becomes. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from headgate.config.convert.page import Page, Table

_DURATION: Final = re.compile(r"(?P<number>[0-9]{1,12})(?P<unit>ms)?")
_PATTERN: Final = re.compile(r"\^?(?:\.\*|\[[^]]*\][+*]|\\S\+)@(?P<domain>[A-Za-z0-9.-]+(?:\\\.[A-Za-z0-9-]+)*)\$?")
_ALWAYS: Final = {
    "spoolDir": "spoolDir: Headgate keeps every message in its store until it is delivered. Empty the old spool with "
    "gobler before you switch over; its files cannot be read by others.",
    "monitorT": "monitorT: Headgate needs no scan, a message goes out as soon as it may.",
    "psBufLen": "psBufLen: Headgate has no such buffer.",
    "name": "name: Headgate's connectors are called as their table is.",
}
"""Keys that have no counterpart, and why."""
_MAX_SENDERS: Final = 256
_SLOWEST: Final = 0.000001
"""Messages a second: once in eleven days."""
_MOST_DIGITS: Final = 12


@dataclass(frozen=True, slots=True)
class Kind:
    """What one connector's own keys become. ``settings``: key -> setting that means the same."""

    settings: Mapping[str, str] = field(default_factory=dict)
    template: str = ""
    """The key that names its template."""
    odd: Mapping[str, str] = field(default_factory=dict)
    """Keys without a counterpart, and why."""
    more: Callable[[Mapping[str, str], Table], None] | None = None


def carry_connector(name: str, own: Mapping[str, str], page: Page, *, bot: bool) -> None:
    """Write what one connector's table becomes."""
    table = page.table(f"connectors.{name}")
    kind = CONNECTORS.get(name)
    if kind is None:
        table.remark(
            f"goslmailer has no connector called {name}, and neither has Headgate. A connector for any service can be "
            "added by a package, and apprise knows a hundred more."
        )
        page.tables.pop(table.name)
        page.remark(f"Connector {name} was left out: goslmailer comes with none of this name.")
        return
    left = dict(own)
    table.set("kind", name)
    for key, setting in kind.settings.items():
        if left.get(key):
            table.set(setting, left.pop(key))
    if kind.more is not None:
        kind.more(left, table)
    _carry_throttling(left, table)
    _carry_sending(left, table)
    if kind.template and left.get(kind.template):
        table.remark(
            f"{kind.template} = {left[kind.template]!r}: a template in Go's language. Rewrite its text as message.j2 "
            "in a directory, and name that here as `templates`; the fields keep their names."
        )
    known = {*kind.settings, kind.template, *kind.odd, *_ALWAYS, *_HANDLED}
    for key, why in {**_ALWAYS, **kind.odd}.items():
        if left.get(key):
            table.remark(why)
    for key in sorted(set(left) - known):
        table.remark(f"{key}: no key that goslmailer's {name} reads; it was left out.")
    _carry_lookup(left, page, name)
    if bot:
        _carry_bot(left, page, name)


_HANDLED: Final = {"pickerT", "numSenders", "maxMsgPU", "renderToFile", "useLookup", "triggerString", "botname"} | {
    "url", "mailCmd", "mailCmdParams", "allowList", "blockList", "username", "format", "mailFormat",
}  # fmt: skip


def _carry_throttling(own: Mapping[str, str], table: Table) -> None:
    if own.get("pickerT"):
        seconds = _seconds(own["pickerT"])
        if seconds:
            table.set(
                "rate", max(round(1 / seconds, 6), _SLOWEST), f"pickerT = {own['pickerT']!r}: one message in that time."
            )
            table.set("burst", 1)
        else:
            table.remark(f"pickerT = {own['pickerT']!r} is no time that gobler reads; it took 2 s.")
    if own.get("numSenders"):
        count = _count(own["numSenders"], 1)
        table.set("concurrency", min(max(count, 1), _MAX_SENDERS))
    if own.get("maxMsgPU"):
        most = _count(own["maxMsgPU"], 10)
        why = (
            "maxMsgPU: gobler deleted the newest messages over this; Headgate folds them into a digest that names them."
            if most
            else "maxMsgPU = 0 was no limit."
        )
        table.set("recipient_burst", most or 1_000_000, why)


def _carry_sending(own: Mapping[str, str], table: Table) -> None:
    match own.get("renderToFile", ""):
        case "yes":
            table.remark(
                "renderToFile = 'yes' wrote files in place of sending. Headgate always sends; to see what it would "
                "send: headgate connector test NAME TARGET --render DIRECTORY"
            )
        case "spool" | "no" | "":
            pass
        case other:
            table.remark(f"renderToFile = {other!r}: goslmailer took it for 'no'.")
    for key in ("format", "mailFormat"):
        if own.get(key):
            table.remark(f"{key} = {own[key]!r}: Headgate writes each service's own form.")


def _carry_lookup(own: Mapping[str, str], page: Page, name: str) -> None:
    lookup = own.get("useLookup", "")
    if lookup == "GECOS":
        table = page.table(f"connectors.{name}.lookup")
        table.set("chain", ["links", "gecos"])
        table.set("gecos", "whole")
        table.set("otherwise", "pass")
    elif lookup and lookup.lower() not in ("no", "false"):
        page.table(f"connectors.{name}").remark(
            f"useLookup = {lookup!r}: goslmailer knew GECOS only, and passed it on."
        )


def _carry_bot(own: Mapping[str, str], page: Page, name: str) -> None:
    table = page.table(f"connectors.{name}.bot")
    table.set("enabled", True, "The bot now runs inside the service; end the old one first.")
    if own.get("triggerString"):
        table.set("trigger", own["triggerString"])
    if own.get("botname"):
        table.remark("botname: Headgate's bot asks the service what it is called.")


def _teams(own: Mapping[str, str], table: Table) -> None:
    url = own.get("url", "")
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        table.remark("url is no address: put the one of your flow here:")
        table.set("flow_url", "https://REPLACE-THIS.example.org/")
        return
    if host.endswith("webhook.office.com") or host in ("outlook.office.com", "outlook.office365.com"):
        table.remark(
            "url was one of the Office 365 connectors that Microsoft has retired. Make a Workflows webhook in Teams, "
            "and put its address here:"
        )
        table.set("flow_url", "https://REPLACE-THIS.example.org/")
    elif url:
        table.set(
            "flow_url",
            url,
            "The flow that forwards the card to the person it mentions. For a webhook that posts into one channel, put "
            'it into `urls` instead: urls.general = "https://…", and --mail-user=msteams:general.',
        )


def _mail(own: Mapping[str, str], table: Table) -> None:
    table.set("from_address", "slurm@example.org", "goslmailer left the sender to the mail command: say who it is.")
    if own.get("mailCmd"):
        table.remark(
            f"mailCmd = {own['mailCmd']!r} with mailCmdParams = {own.get('mailCmdParams', '')!r}: Headgate makes the "
            "whole mail, subject and headers included, and gives it to a mail server on this host (host, port), or "
            "to a command that takes a mail, such as sendmail."
        )
        table.set("command", ["/usr/sbin/sendmail", "-i", "--", "{target}"])
    if own.get("allowList"):
        found = _PATTERN.fullmatch(own["allowList"])
        pattern = f"*@{found['domain'].replace(chr(92), '')}" if found else ""
        table.remark(
            f"allowList = {own['allowList']!r} was a regular expression that had to fit any part of the address; "
            "Headgate's patterns (* and ?) have to fit all of it."
        )
        if pattern:
            table.set("allow", [pattern])
        else:
            table.remark('It could not be carried over; until you write allow = ["*@…"], nobody is allowed:')
            table.set("allow", ["nobody@invalid"])
    if own.get("blockList"):
        table.remark(
            f"blockList = {own['blockList']!r}: goslmailer never looked at it. Headgate's `block` holds patterns."
        )


def _matrix(own: Mapping[str, str], table: Table) -> None:
    if own.get("username"):
        table.remark(f"username = {own['username']!r}: Headgate asks the homeserver whose token it is.")


def _telegram(own: Mapping[str, str], table: Table) -> None:
    if own.get("url"):
        table.remark("url: goslmailer never used it.")


CONNECTORS: Final[Mapping[str, Kind]] = {
    "msteams": Kind(template="adaptiveCardTemplate", more=_teams),
    "mailto": Kind(template="mailTemplate", more=_mail),
    "telegram": Kind({"token": "token"}, "messageTemplate", more=_telegram),
    "discord": Kind({"token": "token"}, "messageTemplate"),
    "matrix": Kind({"homeserver": "homeserver", "token": "token"}, "template", more=_matrix),
    "mattermost": Kind(
        {"serverUrl": "url", "token": "token"},
        "messageTemplate",
        odd={"wsUrl": "wsUrl: Headgate finds the web socket by the server's address."},
    ),
    "slack": Kind({"token": "token"}, "messageTemplate"),
}
"""By goslmailer's name, which is Headgate's kind, too."""


def _seconds(text: str) -> float:
    """Read a time as gobler does: a number of seconds, or of milliseconds with ``ms``; 0 for what it cannot read."""
    found = _DURATION.fullmatch(text.strip())
    if found is None:
        return 0.0
    return int(found["number"]) / (1000 if found["unit"] else 1)


def _count(text: str, otherwise: int) -> int:
    """Read a number as gobler does: what is none is the default."""
    digits = text.strip()
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) <= _MOST_DIGITS else otherwise
