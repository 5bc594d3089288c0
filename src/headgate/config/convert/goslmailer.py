"""goslmailer's, gobler's and the bots' files, together, as a configuration of Headgate. Pure.

All of them have one schema: global keys, and a map of strings for each connector. What each key means, and what the
program made of it, follows its version 2.7.1.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from headgate.config.convert.connectors import CONNECTORS, carry_connector
from headgate.config.convert.page import Page

_GLOBAL = {"logfile", "debugconfig", "binpaths", "defaultconnector", "connectors", "qosmap"}


@dataclass(frozen=True, slots=True)
class Source:
    """One file that was read: what it is called, and what it holds."""

    name: str
    content: Mapping[str, object]


@dataclass(slots=True)
class Merged:
    """What several files say together; the first that says something counts."""

    values: dict[str, object] = field(default_factory=dict)
    connectors: dict[str, dict[str, str]] = field(default_factory=dict)
    bots: set[str] = field(default_factory=set)
    """Connectors a bot listened in."""
    remarks: list[str] = field(default_factory=list)


def convert(sources: Sequence[Source]) -> str:
    """Return a configuration of Headgate, as TOML, that does what these files did."""
    merged = merge(sources)
    page = Page()
    page.remark(f"Made from {', '.join(source.name for source in sources)} by headgate config convert goslmailer.")
    page.remark("It holds the tokens those files held: keep it from other users (chmod 640, group headgate).")
    for remark in merged.remarks:
        page.remark(remark)
    _carry_global(merged, page)
    for name, own in merged.connectors.items():
        carry_connector(name, own, page, bot=name in merged.bots)
    return page.text()


def merge(sources: Sequence[Source]) -> Merged:
    """Put several files together."""
    merged = Merged()
    for source in sources:
        for key, value in source.content.items():
            if key == "connectors":
                _merge_connectors(source, value, merged)
            elif key not in _GLOBAL:
                merged.remarks.append(f"{source.name}: {key} is no key that goslmailer reads; it was left out.")
            elif merged.values.setdefault(key, value) != value:
                merged.remarks.append(f"{source.name}: {key} differs from what an earlier file says; that one counts.")
    return merged


def _merge_connectors(source: Source, value: object, merged: Merged) -> None:
    if not isinstance(value, Mapping):
        merged.remarks.append(f"{source.name}: connectors is no table; it was left out.")
        return
    for name, own in value.items():
        if not isinstance(own, Mapping):
            merged.remarks.append(f"{source.name}: connector {name} is no table; it was left out.")
            continue
        known = merged.connectors.setdefault(str(name), {})
        for key, setting in own.items():
            # goslmailer takes nothing but strings here; numbers and booleans written as such are what people mean.
            text = str(setting).lower() if isinstance(setting, bool) else str(setting)
            if known.setdefault(str(key), text) != text:
                merged.remarks.append(
                    f"{source.name}: {key} of connector {name} differs from what an earlier file says; that one counts."
                )
        if name in CONNECTORS and (_is_bots(source.name) or own.get("triggerString")):
            merged.bots.add(str(name))


def _is_bots(name: str) -> bool:
    stem = PurePosixPath(name).stem.lower()
    return "bot" in stem or stem == "mattermost"


def _carry_global(merged: Merged, page: Page) -> None:
    values = merged.values
    if values.get("binpaths"):
        _carry_paths(values["binpaths"], page)
    notify = page.table("notify")
    default = values.get("defaultconnector")
    if isinstance(default, str) and default:
        known = default in merged.connectors
        notify.set("default_connector", default, "" if known else f"There is no connector {default} in these files.")
    else:
        notify.remark(
            "No defaultconnector: goslmailer dropped receivers without a connector. Headgate sends them by mail."
        )
    for key in ("logfile", "debugconfig"):
        if values.get(key):
            page.table("logging").remark(_LOGGING[key])
    limits = values.get("qosmap")
    if isinstance(limits, Mapping) and limits:
        table = page.table("hints.qos_limits")
        for name, seconds in limits.items():
            if isinstance(seconds, int) and not isinstance(seconds, bool) and seconds > 0:
                table.set(str(name), seconds)
            else:
                table.remark(f"{name}: {seconds!r} is no number of seconds; it was left out.")


_LOGGING = {
    "logfile": "logfile: Headgate writes its log to standard error, where systemd's journal keeps it "
    "(journalctl -u headgate).",
    "debugconfig": "debugconfig: `headgate config show` shows what is in force, without secrets.",
}


def _carry_paths(paths: object, page: Page) -> None:
    table = page.table("slurm")
    if not isinstance(paths, Mapping):
        table.remark("binpaths is no table; it was left out.")
        return
    sacct = paths.get("sacct")
    if isinstance(sacct, str) and sacct.startswith("/"):
        parent, name = PurePosixPath(sacct).parent, PurePosixPath(sacct).name
        odd = "" if name == "sacct" else f"binpaths names {name}; Headgate runs sacct, squeue and scontrol from there."
        table.set("bin", str(parent), odd)
    for name in sorted(set(paths) - {"sacct"}):
        table.remark(f"binpaths {name}: Headgate does not run it.")
