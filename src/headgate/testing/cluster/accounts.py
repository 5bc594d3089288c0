"""Who uses the cluster: two ordinary people, and what slurmdbd knows about them."""

from __future__ import annotations

import pwd

from headgate.testing.cluster import process

USERS = ("ada", "ben")
"""The ordinary users; made on this machine, with home directories, where they do not exist."""

REST_USER = "headgate-rest"
"""Runs slurmrestd, which refuses to be root or SlurmUser."""

QOS = ("long", "express")
"""Made in slurmdbd beside its own "normal"."""


def associations(cluster: str) -> str:
    """Return the file that ``sacctmgr load`` makes a new cluster's accounts and users from.

    Loading is three times as quick as a call of sacctmgr for each of them. Format: sacctmgr(1), FLAT FILE DUMP AND
    LOAD.
    """
    qos = ",".join(("normal", *QOS))
    return f"""\
Cluster - '{cluster}':Fairshare=1:QOS='normal'
Parent - 'root'
Account - 'physics':Description='physics':Organization='science':QOS='{qos}'
Account - 'chemistry':Description='chemistry':Organization='science':QOS='{qos}'
Parent - 'physics'
User - 'ada':DefaultAccount='physics'
Parent - 'chemistry'
User - 'ada'
User - 'ben':DefaultAccount='chemistry'
"""


def ensure_users() -> None:
    """Make the accounts of this machine that a cluster needs."""
    for user in USERS:
        # "*" is a password that nothing matches, but unlike "!" it does not lock the account for sshd and cron.
        _ensure(user, "--create-home", "--shell=/bin/bash", "--password=*")
    _ensure(REST_USER, "--system", "--user-group", "--no-create-home", "--shell=/usr/sbin/nologin")


def _ensure(user: str, *options: str) -> None:
    try:
        pwd.getpwnam(user)
    except KeyError:
        process.run(["/usr/sbin/useradd", *options, user])
