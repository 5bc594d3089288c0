"""Who runs this command."""

from __future__ import annotations

import os
import pwd


def account() -> str:
    """Return the Unix account that runs this, for the audit log: with sudo, whose it was before."""
    uid = os.getuid()
    return (os.environ.get("SUDO_USER") if uid == 0 else None) or _name(uid)


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
