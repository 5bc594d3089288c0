"""Who may what: rights by role, and every route."""

from __future__ import annotations

from headgate.model.right import Right
from headgate.model.role import Role
from headgate.web.permissions import API, PAGES, SERVICE, SOCKET, Line, Who
from scripts.reference.markdown import code, doc, generated, member_notes, table

INTRODUCTION = """
Who may see and do what, on the pages, by REST, on the local socket and in chats. It is written once in the code, and a
test asks every route as everybody and holds the answers against this table. Who has which role,
[`[roles]`](../../howto/actions.md#who-may) says; somebody without one sees what is their own.

What is not one's own is answered like what is not there (404); a place that takes a right is refused (403). Actions
name their role themselves: [Actions](actions.md). Whoever can open the store runs any command of `headgate`.
"""
_ROUTES = (
    (
        "Pages",
        PAGES,
        "Forms need the token of a page of ours besides, and are refused when they come from another site.",
    ),
    ("REST", API, "An administrator's token has every right, and acts for no user."),
    ("Local socket", SOCKET, "The kernel says who asks: `headgate me`, `headgate login`, `headgate action`."),
    ("The service", SERVICE, "Figures and standing are for whoever can reach the address; a proxy can keep them in."),
)


def page() -> str:
    """Return the page."""
    notes = member_notes(Role)
    return generated(
        "Permissions",
        INTRODUCTION,
        "## Roles\n",
        f"{doc(Role)}\n",
        table(("Role", "Meaning"), [(code(role.value), notes.get(role.name, "")) for role in Role]),
        "## Rights\n",
        table(
            ("Right", *(role.value for role in Role)),
            [(right.words, *("yes" if role.covers(right.role) else "" for role in Role)) for right in Right],
        ),
        *(
            part
            for title, lines, note in _ROUTES
            for part in (
                f"## {title}\n",
                f"{note}\n",
                table(("Route", "Who"), [(code(f"{line.method} {line.path}"), _who(line)) for line in lines]),
            )
        ),
    )


def _who(line: Line) -> str:
    others = "" if line.others is None else _words(line.others)
    if line.who is Who.SIGNED_IN and others:
        return f"{line.who.value}, with their own; of others: {others}"
    return f"{_words(line.who)}, or {others}" if others else _words(line.who)


def _words(who: Right | Who) -> str:
    return f"{who.role}: {who.words}" if isinstance(who, Right) else who.value
