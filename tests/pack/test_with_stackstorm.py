"""The pack, read by StackStorm's own models, when there is a checkout of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from headgate.actions.catalogue import CATALOGUE
from headgate.pack.build import build

ST2 = os.environ.get("HEADGATE_ST2")


@pytest.mark.skipif(ST2 is None, reason="HEADGATE_ST2 names no checkout of StackStorm")
def test_stackstorms_own_models_take_all_of_it(tmp_path: Path) -> None:
    assert ST2 is not None
    build(tmp_path / "slurm")
    python = Path(ST2, "virtualenv", "bin", "python")
    ran = subprocess.run(
        [
            str(python) if python.exists() else sys.executable,
            str(Path(__file__).with_name("ask_stackstorm.py")),
            ST2,
            str(tmp_path / "slurm"),
        ],
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr[-3000:]
    counts = json.loads(ran.stdout.splitlines()[-1])
    assert counts == {"actions": len(list(CATALOGUE)), "rules": 4, "triggers": 4, "refused": True}
