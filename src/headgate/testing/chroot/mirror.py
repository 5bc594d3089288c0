"""Where this machine gets Debian packages from: read from its own apt sources, never written down in the project."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from headgate.testing.cluster import process
from headgate.testing.cluster.errors import ClusterError

_SETTINGS = re.compile(r"Acquire::(Check-Valid-Until|Check-Date|https?::|ftp::)", re.IGNORECASE)


def of_this_machine(etc: Path = Path("/etc/apt")) -> str:
    """Return the mirror that this machine's apt uses. Raises ClusterError if its sources name none."""
    files = [etc / "sources.list", *sorted((etc / "sources.list.d").glob("*"))]
    texts = [path.read_text(errors="replace") for path in files if path.is_file()]
    found = find(texts)
    if found is None:
        raise ClusterError(f"the apt sources in {etc} name no mirror of Debian's main archive")
    return found


def find(texts: Iterable[str]) -> str | None:
    """Return the first mirror of Debian's main archive in the texts of apt sources, in either of apt's formats."""
    for text in texts:
        for address, components in _entries(text):
            name = address.rstrip("/").rpartition("/")[2]
            if "main" in components and name == "debian" and address.startswith(("http://", "https://", "file:")):
                return address.rstrip("/")
    return None


def settings() -> str:
    """Return this machine's apt settings that concern fetching, such as proxies, as the text of an apt.conf file."""
    shown = process.run(["/usr/bin/apt-config", "dump"])
    kept = [line for line in shown.splitlines() if _SETTINGS.match(line)]
    return "\n".join(['Acquire::Languages "none";', 'Acquire::Retries "3";', *kept]) + "\n"


def _entries(text: str) -> Iterator[tuple[str, set[str]]]:
    """Yield the addresses and components of one file of apt sources: sources.list(5)."""
    # A comment may stand inside a stanza, so comments go first; what is left between empty lines is a stanza.
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    for line in lines:
        if found := re.match(r"deb\s+(?:\[[^]]*\]\s*)?(\S+)\s+\S+\s+(.+)", line):
            yield found[1], set(found[2].split())
    for stanza in re.split(r"\n\s*\n", "\n".join(lines)):
        fields = _fields(stanza)
        if "deb" in fields.get("types", "").split() and fields.get("enabled", "yes").strip() != "no":
            for address in fields.get("uris", "").split():
                yield address, set(fields.get("components", "").split())


def _fields(stanza: str) -> dict[str, str]:
    """Return the fields of a deb822 stanza, names in lower case; indented lines continue a field."""
    joined = re.sub(r"\n[ \t]+", " ", stanza)
    pairs = (line.partition(":") for line in joined.splitlines())
    return {name.strip().lower(): value.strip() for name, colon, value in pairs if colon}
