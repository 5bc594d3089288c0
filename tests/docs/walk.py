"""A page is walked as its reader does: its commands are run in order, and what it shows is held against what came.

What a mark ``<!-- run: WHERE; OPTION; … -->`` may say beside where:

as NAME
    What is printed is compared with blocks that say ``<!-- compared: NAME -->``; without it, by the terminal's name.
again
    The last line of the block is run again until it prints what the page shows, for things that take a while.
until TEXT
    The last line does not end by itself: it has printed this text, and is then ended by Ctrl-C.
stays TEXT
    The same, but it runs on until the walk is over.
fails
    The last command is one that fails, as the page says.
"""

from __future__ import annotations

import os
import pwd
import re
import selectors
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final, Self

from tests.docs.likeness import Known, difference, with_known
from tests.docs.pages import Block, steps

PATIENCE: Final = 90.0
_AGAIN: Final = 0.5
_END: Final = "the-block-is-over"
_NONE: Final[Mapping[str, Callable[[], None]]] = MappingProxyType({})
_ANSI: Final = re.compile(r"\x1b\[[0-9;]*m")


class Shell:
    """A terminal of the reader's: one bash, which keeps what was exported, called an alias, or changed into."""

    def __init__(self, env: Mapping[str, str], cwd: Path, user: str = "") -> None:
        """``user``: whose it is, if not root's."""
        read, self._written = os.pipe()
        become: list[str] = []
        if user:
            os.fchown(read, pwd.getpwnam(user).pw_uid, -1)
            become = ["/usr/bin/setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups", "--"]
        # Its lines come by a pipe of their own: what it starts cannot read them away.
        self._bash = subprocess.Popen(
            [*become, "/bin/bash", "--norc", "--noprofile", f"/dev/fd/{read}"],
            stdin=subprocess.DEVNULL,
            pass_fds=[read],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8", "COLUMNS": "240", **env},
            cwd=cwd,
            start_new_session=True,
        )
        os.close(read)
        self._print("shopt -s expand_aliases; trap : INT")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def run(self, text: str, *, until: str = "", patience: float = PATIENCE) -> tuple[str, int]:
        """Run lines; return what they printed, and the last one's exit status. ``until``: Ctrl-C at this text."""
        self._print(f"{text.strip()}\nprintf '\\n%s %s\\n' {_END} $?")
        came = ""
        if until:
            came = self._read(lambda so_far: until in so_far, patience)
            os.killpg(self._bash.pid, signal.SIGINT)
        came += self._read(lambda so_far: re.search(rf"^{_END} \d+\n", so_far, re.MULTILINE) is not None, patience)
        printed, _, status = came.rpartition(f"\n{_END} ")
        return _ANSI.sub("", printed), int(status)

    def leave_running(self, text: str, until: str, patience: float = PATIENCE) -> str:
        """Run lines of which the last goes on; return what was printed when this text was."""
        self._print(text.strip())
        return self._read(lambda so_far: until in so_far, patience)

    def end(self) -> None:
        """Close the terminal: what still runs in it ends."""
        for number in (signal.SIGHUP, signal.SIGKILL):
            if self._bash.poll() is None:
                os.killpg(self._bash.pid, number)
        self._bash.wait()
        os.close(self._written)
        assert self._bash.stdout is not None
        self._bash.stdout.close()

    def _print(self, text: str) -> None:
        os.write(self._written, text.encode() + b"\n")

    def _read(self, enough: Callable[[str], bool], patience: float) -> str:
        assert self._bash.stdout is not None
        came, deadline = b"", time.monotonic() + patience
        with selectors.DefaultSelector() as selector:
            selector.register(self._bash.stdout, selectors.EVENT_READ)
            while not enough(came.decode(errors="replace")):
                left = deadline - time.monotonic()
                more = os.read(self._bash.stdout.fileno(), 65536) if left > 0 and selector.select(left) else b""
                assert more, f"this came, and no more:\n{came.decode(errors='replace')}"
                came += more
        return came.decode(errors="replace")


class Walk:
    """One page on its way. ``shells``: the terminals its marks name. ``changes``: what is another thing here, such as
    a path: page's text -> text. ``printed``: what is compared by a name, as it becomes known.
    """

    def __init__(
        self, page: Path, shells: Mapping[str, Shell], changes: Mapping[str, str], known: Known | None = None
    ) -> None:
        self.page = page
        self.shells = shells
        self.changes = dict(changes)
        self.known = Known() if known is None else known
        self.printed: dict[str, str | Callable[[], str]] = {}
        self._todo = [*steps(page)]

    def go(
        self, deeds: Mapping[str, Callable[[], None]] = _NONE, *, before: str = "", patience: float = PATIENCE
    ) -> None:
        """Go on to the end of the page, or to the next block that has this text.

        ``deeds``: what the reader does elsewhere, by its words in the page.
        """
        first = True
        while self._todo and (first or not before or not self._is_next(before)):
            first = False
            step = self._todo.pop(0)
            if isinstance(step, str):
                deeds[step]()
            elif step.kind == "run":
                after = self._todo[0] if self._todo else ""
                shown = after if isinstance(after, Block) and after.language == "text" else None
                self._run(step, shown, patience)
            elif step.kind == "compared":
                self._compare(step, self._printed(step.options[0]))

    def _is_next(self, text: str) -> bool:
        step = self._todo[0]
        return isinstance(step, Block) and text in step.text

    def _printed(self, name: str) -> str:
        printed = self.printed[name]
        return printed if isinstance(printed, str) else printed()

    def changed(self, text: str) -> str:
        """Return a text of the page with what is another thing here."""
        for shown, here in self.changes.items():
            text = text.replace(shown, here)
        return text

    def _run(self, block: Block, shown: Block | None, patience: float) -> None:
        where, *options = block.options
        shell = self.shells[where]
        text = with_known(self.changed(block.text), self.known)
        held = {"": True, "compared": shown is not None and shown.options[0] == where}
        shown = shown if shown is not None and held.get(shown.kind) else None
        named = {word: rest for word, _, rest in (option.partition(" ") for option in options)}
        if "stays" in named:
            came, status = shell.leave_running(text, self.changed(named["stays"])), 0
        else:
            came, status = shell.run(text, until=self.changed(named.get("until", "")), patience=patience)
        deadline = time.monotonic() + PATIENCE
        while "again" in named and time.monotonic() < deadline and self._differs(shown, came):
            time.sleep(_AGAIN)
            came, status = shell.run(text.strip().splitlines()[-1])
        assert "until" in named or (status == 0) != ("fails" in named), f"{block.place} ended with {status}:\n{came}"
        self.printed[named.get("as", where)] = came
        if shown is not None and not shown.kind:
            self._compare(shown, came)

    def _differs(self, shown: Block | None, came: str) -> bool:
        return shown is not None and bool(self._difference(shown, came, Known(dict(self.known.numbers))))

    def _difference(self, shown: Block, came: str, known: Known) -> str:
        loose = {option.replace(" ", "_"): True for option in shown.options if option in ("any order", "numbers")}
        return difference(self.changed(shown.text), came, known, **loose)

    def _compare(self, shown: Block, came: str) -> None:
        if shown.text.startswith("ID "):
            self.known.forget("id")  # another table counts its own rows
        wrong = self._difference(shown, came, self.known)
        assert not wrong, f"{shown.place} shows\n\n{wrong}\n\nand this came:\n\n{came}"
