"""Hundreds of texts that are made to do something where they are shown: every one has to be shown, and to do nothing.

``corpus.json`` holds them by what they try. A script of theirs calls ``hit()``, a shell makes a file
``headgate-canary``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Final

FAMILIES: Final[Mapping[str, tuple[str, ...]]] = {
    **{name: tuple(texts) for name, texts in json.loads(Path(__file__).with_name("corpus.json").read_text()).items()},
    "long": ("A" * 100_000, "\N{PILE OF POO}" * 20_000, "a b " * 20_000, "<b>" * 20_000, "\n" * 20_000, "/x" * 20_000),
}
"""What they try -> texts."""
CORPUS: Final = tuple(text for texts in FAMILIES.values() for text in texts)
CANARY: Final = "headgate-canary"
