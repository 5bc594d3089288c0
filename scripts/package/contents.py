"""What lies where in the Debian package, beside the Python environment."""

from __future__ import annotations

import gzip
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from headgate.config.sample import sample
from headgate.config.settings import SpoolSettings
from headgate.connectors.registry import kinds, settings_of
from headgate.events.sources.mail.install import DEFAULT_TARGET, program_text
from headgate.service.setup import units
from headgate.service.setup.place import EXECUTOR, EXECUTOR_FILES
from scripts.package import completion, manual
from scripts.package.wheel import ROOT

ENVIRONMENT = Path("/usr/lib/headgate/venv")
"""Where the Python environment lies, when it is made and when it runs."""

PROGRAM = Path("/usr/bin/headgate")
SCRIPTS = ("preinst", "postinst", "prerm", "postrm")
_OWN = Path(__file__).parent / "debian"


@dataclass(frozen=True, slots=True)
class File:
    """A file of the package; ``path`` without the leading slash."""

    path: str
    content: bytes
    mode: int = 0o644


def files(moment: int) -> Iterator[File]:
    """Yield all files, dated with ``moment`` where they name a date."""
    yield File(_inner(DEFAULT_TARGET), program_text(SpoolSettings().path).encode(), 0o755)
    for source in EXECUTOR_FILES:
        yield File(_inner(EXECUTOR / source.name), source.read_bytes())
    for name in units.UNITS:
        yield File(f"usr/lib/systemd/system/{name}", _unit(name).encode())
    yield File("usr/lib/sysusers.d/headgate.conf", units.account().encode())
    yield File("usr/lib/tmpfiles.d/headgate.conf", units.directories().encode())
    for path, text in completion.scripts().items():
        yield File(path, text.encode())
    for name, text in manual.pages(moment).items():
        yield File(f"usr/share/man/man1/{name}.gz", gzip.compress(text.encode(), mtime=0))
    yield from _documentation()


def control(values: Mapping[str, str]) -> Iterator[File]:
    """Yield the files that dpkg itself reads."""
    yield File("control", (_OWN / "control").read_text().format_map(values).encode())
    for name in SCRIPTS:
        yield File(name, (_OWN / name).read_text().replace("@VERSION@", values["version"]).encode(), 0o755)


def _documentation() -> Iterator[File]:
    place = "usr/share/doc/headgate"
    yield File(f"{place}/copyright", (_OWN / "copyright").read_bytes())
    yield File(f"{place}/changelog.gz", gzip.compress((ROOT / "CHANGELOG.md").read_bytes(), mtime=0))
    text = sample({kind: settings_of(kind) for kind in kinds()})
    yield File(f"{place}/examples/headgate.toml", text.encode())
    for name in ("headgate.yml",):
        yield File(f"{place}/examples/prometheus/{name}", (ROOT / "examples/prometheus" / name).read_bytes())
    yield File(f"{place}/examples/grafana/headgate.json", (ROOT / "examples/grafana/headgate.json").read_bytes())


def _unit(name: str) -> str:
    """Return a unit as the package has it: it waits for its configuration, since nothing can run without."""
    text = units.unit(name, PROGRAM)
    waits = {
        "headgate.service": "ConditionPathExists=/etc/headgate/headgate.toml",
        "headgate-executor.socket": "ConditionPathExists=/etc/headgate/executor.ini",
    }.get(name)
    if waits is None:
        return text
    section = "\n[Socket]\n" if name.endswith(".socket") else "\n[Service]\n"
    return text.replace(section, f"{waits}\n{section}", 1)


def _inner(path: Path) -> str:
    return str(path.relative_to("/"))
