"""Every action: what it takes, what it answers, and what it takes to call it."""

from __future__ import annotations

from typing import Any

from headgate.actions.action import Action
from headgate.actions.catalogue import CATALOGUE
from headgate.actions.wording import parameter_rows, result_rows, result_words
from headgate.model.role import Role
from scripts.reference.markdown import code, doc, generated, member_notes, prose, table

INTRODUCTION = """
Every action, the same from `headgate action run`, `POST /actions/{name}`, rules and chats. How they are called, and who
may, stands in [Act on the cluster](../../howto/actions.md). `headgate action show NAME --json` gives the JSON Schemas.
"""
ROLES = """
A role may do what the ones before it may. `[roles]` in the [settings](settings.md) gives them to people and programs.
"""


def page() -> str:
    """Return the page."""
    rows = [
        (f"[`{one.name}`](#{anchor(one.name)})", one.role.value, _yes(one.mutating), one.summary) for one in CATALOGUE
    ]
    notes = member_notes(Role)
    return generated(
        "Actions",
        INTRODUCTION,
        table(("Action", "Role", "Changes something", "What it does"), rows),
        "## Roles\n",
        ROLES,
        table(("Role", "Meaning"), [(code(role.value), notes[role.name]) for role in Role]),
        *(_action(one) for one in CATALOGUE),
    )


def anchor(name: str) -> str:
    """Return the anchor of an action's heading."""
    return name.replace(".", "")


def _action(action: Action[Any, Any]) -> str:
    facts = [f"Takes the role {code(action.role.value)}."]
    if action.aliases:
        facts.append(f"Also called {', '.join(map(code, action.aliases))}.")
    if action.mutating:
        facts.append("It has a dry run, and is in the audit log.")
    if not action.repeatable:
        facts.append("It is not repeated by itself: a rule that was interrupted in the middle of it asks first.")
    parts = [f"## {action.name}\n", f"{doc(action.work)}\n", " ".join(facts) + "\n"]
    parts.append(_table("Parameter", parameter_rows(action)) or "It takes no parameters.\n")
    parts.append(f"Answers: {prose(result_words(action))}.\n")
    parts.append(_table("Part of the answer", result_rows(action)))
    return "\n".join(part for part in parts if part)


def _table(header: str, rows: list[tuple[str, str, str, str]]) -> str:
    if not rows:
        return ""
    shown = [
        (code(name), words, default if default == "required" else code(default), prose(meaning))
        for name, words, default, meaning in rows
    ]
    return table((header, "Value", "Default", "Meaning"), shown)


def _yes(value: bool) -> str:
    return "yes" if value else ""
