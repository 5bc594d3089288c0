"""``./dev test``: run the tests as CI does.

./dev test                       everything; the Slurm contract on Debian 12's Slurm
./dev test --slurm 24.11         only the Slurm contract, on that version
./dev test --slurm all           everything; the Slurm contract on every version
./dev test [PYTEST ARGUMENTS]    what pytest is told, as in: ./dev test tests/store -k journal
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys

VERSIONS = ("20.11", "22.05", "24.11", "26.05")
DEFAULT = "22.05"


def main() -> int:
    """Run pytest; return its exit status."""
    parser = argparse.ArgumentParser(
        prog="./dev test", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--slurm", choices=[*VERSIONS, "all"], default=DEFAULT)
    known, arguments = parser.parse_known_args()
    if known.slurm == "all" or (known.slurm != DEFAULT and os.geteuid() == 0):
        build = [version for version in VERSIONS if version != DEFAULT and known.slurm in (version, "all")]
        subprocess.run([sys.executable, "-m", "headgate.testing.chroot", *build], check=True)
    command = [sys.executable, "-m", "pytest", f"--slurm={known.slurm}"]
    if known.slurm not in ("all", DEFAULT):
        command += ["-m", "contract"]
    if not arguments:
        command += ["-n", "2", "--dist", "loadfile"]
    return subprocess.run([*command, *arguments], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
