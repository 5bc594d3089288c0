"""The mail spool: the directory where mails that Slurm asked for wait until they are in the journal.

A record is removed only when its event is on disk. What cannot be read is set aside, never deleted. Members of the
spool's group can put anything there, so nothing is followed, waited for, or read without bounds.
"""

from __future__ import annotations

import contextlib
import os
import stat
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import structlog

from headgate.errors import NotFoundError, RecordError, SpoolError
from headgate.events.sources.mail.aside import DIRECTORY, Aside, AsideRecord
from headgate.events.sources.mail.record import parse_record
from headgate.events.sources.mail.record_file import is_record_name, name_of_part, read_file

LEFTOVER_AFTER: Final = 3600.0
"""Seconds after which a hand-off that did not come to its end is taken for dead; Slurm ends it after 120."""
TIDY_EVERY: Final = 600.0
"""Seconds between two looks for hand-offs that died."""
MAX_HELD: Final = 64 * 1024 * 1024
"""Bytes of records handed out at once."""

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class SpooledRecord:
    """One record as it lies in the spool."""

    name: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Leftovers:
    """What became of hand-offs that did not come to their end."""

    adopted: int = 0
    """Records that were whole, and are in the spool now."""
    set_aside: int = 0
    """Records that were cut off."""
    removed: int = 0
    """Empty files."""


class MailSpool:
    """The spool at ``path``. One object is for one thread at a time; several processes may share the directory."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._aside = Aside(path / DIRECTORY)
        self._names: dict[str, None] = {}
        """Names seen at the last look and not dealt with yet, oldest first: a long backlog is listed once."""
        self._stuck: set[str] = set()
        """Names of what can neither be read nor moved away; passed over until the next ``tidy``."""
        self._tidied = -TIDY_EVERY

    def pending(self, limit: int) -> list[SpooledRecord]:
        """Return the oldest records, ``limit`` at most; the same again until they are removed or set aside.

        What is no record is set aside on the way, and ``tidy`` runs now and then. Raises SpoolError if the directory
        cannot be used.
        """
        if time.monotonic() - self._tidied >= TIDY_EVERY:
            self.tidy()
        if len(self._names) < limit:
            self._names = dict.fromkeys(sorted(self._list()))
        records: list[SpooledRecord] = []
        held = 0
        for name in tuple(self._names):
            if len(records) >= limit or held >= MAX_HELD:
                break
            record = self._take(name)
            if record is not None:
                records.append(record)
                held += len(record.data)
        return records

    def count(self) -> int:
        """Return how many records wait. Raises SpoolError if the directory cannot be used."""
        return len(self._list())

    def names(self) -> list[str]:
        """Return the names of all records that wait, oldest first. Raises SpoolError like ``pending``."""
        return sorted(self._list())

    def remove(self, names: Iterable[str]) -> None:
        """Delete records that are in the journal. Raises SpoolError if that is not possible."""
        for name in names:
            try:
                (self.path / name).unlink(missing_ok=True)
            except OSError as error:
                raise SpoolError(f"{name} cannot be deleted: {error.strerror}", transient=True) from error
            self._names.pop(name, None)

    def set_aside(self, name: str, why: str) -> None:
        """Move a record away that cannot be read. Raises SpoolError if that is not possible; it is passed over then."""
        self._names.pop(name, None)
        try:
            kept_as = self._aside.put(self.path / name, why)
        except FileNotFoundError:
            return  # another Headgate was quicker
        except SpoolError as error:
            self._stuck.add(name)
            _log.error("mail.record_stuck", record=ascii(name), why=why, error=error.message)
            raise
        _log.warning("mail.record_set_aside", record=kept_as, why=why)

    def aside(self) -> list[AsideRecord]:
        """Return the records that were set aside, oldest first. Raises SpoolError if that cannot be told."""
        return self._aside.all()

    def read(self, name: str) -> SpooledRecord:
        """Return a record, waiting or set aside. Raises NotFoundError, or RecordError if it is no file to read."""
        if is_record_name(name):
            for path in (self.path / name, self._aside.directory / name):
                try:
                    return SpooledRecord(name, read_file(path))
                except FileNotFoundError:
                    continue
        raise NotFoundError(f"there is no record {name!a} in {self.path}")

    def retry(self, name: str) -> None:
        """Put a record that was set aside back into the spool. Raises NotFoundError, SpoolError."""
        self._aside.back(name, self.path)
        self._stuck.discard(name)

    def drop(self, name: str) -> None:
        """Delete a record that was set aside, for ever. Raises NotFoundError, SpoolError."""
        self._aside.drop(name)

    def tidy(self, *, older_than: float = LEFTOVER_AFTER) -> Leftovers:
        """Deal with hand-offs that died ``older_than`` seconds ago or more: what they wrote is kept.

        Raises SpoolError if the directory cannot be used.
        """
        self._tidied = time.monotonic()
        self._stuck.clear()
        counts = {"adopted": 0, "set_aside": 0, "removed": 0}
        for hidden in self._hidden(time.time() - older_than):
            outcome = self._settle(hidden)
            if outcome:
                counts[outcome] += 1
        leftovers = Leftovers(**counts)
        if any(counts.values()):
            _log.warning("mail.hand_offs_died", **counts)
        return leftovers

    def _take(self, name: str) -> SpooledRecord | None:
        """Return a record; None if it is gone or had to be set aside."""
        if not is_record_name(name):
            self._refuse(name, "headgate-mailprog does not give such a name")
            return None
        try:
            return SpooledRecord(name, read_file(self.path / name))
        except FileNotFoundError:
            self._names.pop(name, None)
        except RecordError as unreadable:
            self._refuse(name, unreadable.message)
        return None

    def _refuse(self, name: str, why: str) -> None:
        """Set aside; what cannot be moved must not hold up the others."""
        with contextlib.suppress(SpoolError):  # said by set_aside
            self.set_aside(name, why)

    def _list(self) -> list[str]:
        return [name for name in self._entries() if not name.startswith(".") and name != DIRECTORY]

    def _hidden(self, before: float) -> list[str]:
        """Return the names of unfinished files last written before a moment."""
        hidden = []
        for name in self._entries():
            if name_of_part(name) is None:
                continue
            try:
                if (self.path / name).lstat().st_mtime < before:
                    hidden.append(name)
            except FileNotFoundError:
                continue
        return hidden

    def _settle(self, hidden: str) -> str | None:
        """Decide about one unfinished file; return which count it belongs to, None if it stays or is gone."""
        name, path = name_of_part(hidden) or hidden, self.path / hidden
        try:
            data = read_file(path)
            if not data:
                path.unlink()
                return "removed"
            parse_record(data, name=name)
            path.rename(self.path / name)
        except FileNotFoundError:
            return None
        except RecordError as unreadable:
            self.set_aside(hidden, f"its hand-off died: {unreadable.message}")
            return "set_aside"
        except OSError as error:
            raise SpoolError(f"{hidden} cannot be dealt with: {error.strerror}", transient=True) from error
        return "adopted"

    def _entries(self) -> list[str]:
        """Return all names in the directory. Raises SpoolError if it cannot or must not be used."""
        try:
            with os.scandir(self.path) as entries:
                names = [entry.name for entry in entries if entry.name not in self._stuck]
            mode = self.path.stat().st_mode
        except FileNotFoundError:
            raise SpoolError(
                f"the mail spool {self.path} does not exist: make it by `headgate mailprog install --spool {self.path}`"
            ) from None
        except PermissionError:
            raise SpoolError(
                f"the mail spool {self.path} cannot be read: Headgate's account must be in the directory's group"
            ) from None
        except OSError as error:
            raise SpoolError(f"the mail spool {self.path} cannot be read: {error.strerror}", transient=True) from error
        if mode & stat.S_IWOTH:
            raise SpoolError(f"anybody may write to the mail spool {self.path}: run `chmod o-rwx {self.path}`")
        return names
