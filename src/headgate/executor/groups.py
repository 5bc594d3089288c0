"""Which Unix groups somebody is in."""

from __future__ import annotations

import grp
import os
import pwd


def groups_of(user: str) -> frozenset[str]:
    """Return the names of a user's groups on this host; none for somebody it does not know. Blocking."""
    try:
        account = pwd.getpwnam(user)
    except (KeyError, ValueError):
        return frozenset()
    names = set()
    for number in os.getgrouplist(account.pw_name, account.pw_gid):
        try:
            names.add(grp.getgrgid(number).gr_name)
        except KeyError:
            continue
    return frozenset(names)


def members_of(group: str) -> list[str] | None:
    """Return the accounts in a group of this host, as far as it lists them; None for a group it does not know.

    Blocking. Directories often do not list those whose first group it is.
    """
    try:
        found = grp.getgrnam(group)
    except (KeyError, ValueError):
        return None
    first = {account.pw_name for account in pwd.getpwall() if account.pw_gid == found.gr_gid}
    return sorted(first | set(found.gr_mem))
