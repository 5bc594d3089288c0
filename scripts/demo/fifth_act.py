"""The fifth act: ada and an administrator sign in to the pages with a link from the command line, and look."""

from __future__ import annotations

import contextlib
import json
import os
import pwd
import re
import subprocess
import sys
from dataclasses import dataclass
from typing import Final

import httpx2
from rich.console import Console

from scripts.demo import show, show_chats
from scripts.demo.place import DemoError, Place

USER: Final = "ada"
ADMIN: Final = "root"
HERS, OTHERS = "analyse", "explore"
"""Names of jobs: one of hers, one of somebody else's."""
_FIELD: Final = re.compile(r'name="(csrf|link)" value="([^"]+)"')
_JOB: Final = re.compile(r'href="(/ui/jobs/[^"?]+)"[^>]*>')
_MAIN: Final = re.compile(r"<main.*</main>", re.DOTALL)


@dataclass(frozen=True, slots=True)
class FifthAct:
    """Plays it, on what is running."""

    place: Place


def sign_in_link(place: Place, user: str) -> str:
    """Return a link that signs a user of this host in, as they get it themselves. Raises DemoError."""
    account = pwd.getpwnam(user)
    done = subprocess.run(
        [sys.executable, "-m", "headgate.cli.main", "login", "--json"],
        env={"HEADGATE_SOCKET": str(place.socket), "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"},
        cwd="/",
        user=account.pw_uid,
        group=account.pw_gid,
        extra_groups=os.getgrouplist(user, account.pw_gid),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    if done.returncode:
        raise DemoError(f"{user} gets no link to sign in with: {done.stderr.strip()}")
    return str(json.loads(done.stdout)["url"])


def signed_in(place: Place, user: str) -> httpx2.Client:
    """Return a client that is signed in as a user, by the form that the link leads to. Raises DemoError."""
    link = sign_in_link(place, user)
    client = httpx2.Client(base_url="/".join(link.split("/")[:3]), timeout=30, follow_redirects=True)
    fields = dict(_FIELD.findall(client.get(link).text))
    answer = client.post("/ui/sign-in/link", data=fields)
    if answer.status_code != httpx2.codes.OK:
        raise DemoError(f"{user} is not signed in: {answer.status_code}")
    return client


def play(out: Console, act: FifthAct) -> list[str]:
    """Play it, and show it; return what is wrong."""
    show.heading(out, "The pages")
    faults: list[str] = []
    for user, role in ((USER, "without a role"), (ADMIN, "who may see everything")):
        with contextlib.closing(signed_in(act.place, user)) as client:
            show_chats.command(out, user, "headgate login", "a link, which is good once")
            jobs = _main(client, f"/ui/jobs?q={HERS}")
            others = _main(client, f"/ui/jobs?q={OTHERS}")
            found = _JOB.search(jobs)
            story = "" if found is None else _main(client, found[1])
        if HERS not in jobs or "failed" not in story:
            faults.append(f"the pages do not show {user} how {HERS} fared")
        if (f">{OTHERS}<" in others) != (user == ADMIN):
            faults.append(f"the pages show {user}, {role}, the wrong jobs")
        lines = len(re.findall(r"<time ", story))
        out.print(f"  {user}, {role}: the job {HERS} with {lines} times in its time line; ben's jobs are "
                  f"{'shown' if user == ADMIN else 'not there'}.")  # fmt: skip
    return faults


def _main(client: httpx2.Client, path: str) -> str:
    found = _MAIN.search(client.get(path).text)
    return "" if found is None else found[0]
