"""Reading a Containerfile, so that its steps can be gone through where no container can be run."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

from scripts.package.wheel import ROOT

CONTAINERFILE = ROOT / "examples/container/Containerfile"
COMPOSE = ROOT / "examples/container/compose.yaml"
_KNOWN = frozenset({"FROM", "COPY", "RUN", "USER", "VOLUME", "EXPOSE", "ENTRYPOINT", "CMD"})


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction: its word in capitals, and what stands behind it, on one line."""

    word: str
    text: str

    def words(self) -> list[str]:
        """Return the words of a list (``["serve"]``). Raises ValueError if it is none."""
        found = json.loads(self.text)
        if not isinstance(found, list) or not all(isinstance(word, str) for word in found):
            raise ValueError(f"{self.word} should be a list of words")
        return found


def read(file: Path = CONTAINERFILE) -> list[Instruction]:
    """Return the instructions. Raises ValueError for one that nobody here knows how to follow."""
    lines = [line for line in file.read_text().splitlines() if not line.startswith("#")]
    joined = re.sub(r"\\\n\s*", "", "\n".join(lines))
    found = [Instruction(*line.split(maxsplit=1)) for line in joined.splitlines() if line.strip()]
    if unknown := [one.word for one in found if one.word not in _KNOWN]:
        raise ValueError(f"unknown instructions: {', '.join(unknown)}")
    return found
