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
