"""``headgate login`` as users of this machine run it."""

from __future__ import annotations

import asyncio
import json
import re
import sys

from headgate.store.store import Store
from tests.web.local.serving import Local, run_as, serving


async def login(local: Local, *words: str) -> tuple[int, str, str]:
    argv = [sys.executable, "-m", "headgate.cli.main", "login", *words]
    done = await asyncio.to_thread(run_as, "daemon", argv, HEADGATE_SOCKET=str(local.path))
    return done.returncode, done.stdout, done.stderr


async def test_login_prints_a_link_and_whose_it_is(store: Store) -> None:
    async with serving(store) as local:
        status, shown, complaint = await login(local)
        assert (status, complaint) == (0, "")
        assert re.search(r"^    https://headgate.example.org/ui/sign-in/link/[A-Za-z0-9_-]{43}$", shown, re.MULTILINE)
        assert "good once" in shown
        assert set(json.loads((await login(local, "--json"))[1])) == {"url", "expires_at"}


async def test_where_nobody_signs_in_by_a_link_it_says_so(store: Store) -> None:
    async with serving(store, sign_in=None) as local:
        status, shown, complaint = await login(local)
        assert (status, shown) == (1, "")
        assert complaint.count("\n") == 1
