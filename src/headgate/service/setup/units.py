"""The files for systemd as they are placed: the same texts, with the path at which the program lies."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import headgate.service.units
from headgate.errors import ConfigError

UNITS: Final = ("headgate.service", "headgate-executor.service", "headgate-executor.socket")
_FILES: Final = Path(headgate.service.units.__file__).parent
_PROGRAM: Final = "/opt/headgate/bin/headgate"
"""Where the units in the package say that the program is."""


def unit(name: str, program: Path) -> str:
    """Return a unit that starts ``program``. Raises ConfigError if this copy is damaged, or the path odd."""
    text = (_FILES / name).read_text(encoding="utf-8")
    if name != "headgate.service":
        return text
    line = f"\nExecStart={_PROGRAM} serve\n"
    if text.count(line) != 1 or text.count(_PROGRAM) != 1:
        raise ConfigError("this copy of Headgate is damaged: headgate.service is not as it was made")
    if not program.is_absolute() or not str(program).isascii() or set(str(program)) & set(" \"'\\%$;\n\t"):
        raise ConfigError(f"systemd cannot start {str(program)!a}: install Headgate at a path without such characters")
    return text.replace(_PROGRAM, str(program))


def account() -> str:
    """Return what systemd-sysusers makes the account of."""
    return (_FILES / "headgate.sysusers.conf").read_text(encoding="utf-8")


def directories() -> str:
    """Return what systemd-tmpfiles makes the directories of."""
    return (_FILES / "headgate.tmpfiles.conf").read_text(encoding="utf-8")
