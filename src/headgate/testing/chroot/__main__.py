"""``python -m headgate.testing.chroot [VERSION...]``: make the trees of these Slurm versions, or of all."""

from __future__ import annotations

import argparse
import logging
import sys
import time

from headgate.testing.chroot import RELEASES, installation
from headgate.testing.cluster.errors import ClusterError


def main(arguments: list[str] | None = None) -> int:
    """Make the trees, one after the other; return the exit status."""
    parser = argparse.ArgumentParser(prog="headgate.testing.chroot", description="Make trees of other Slurm versions.")
    parser.add_argument("version", nargs="*", default=[], help=f"of {', '.join(RELEASES)}; none means all")
    versions = parser.parse_args(arguments).version or list(RELEASES)
    logging.basicConfig(format="%(message)s")
    for version in versions:
        begin = time.monotonic()
        try:
            tree = installation(version).tree
        except ClusterError as error:
            sys.stderr.write(f"{error}\n")
            return 1
        sys.stdout.write(f"Slurm {version}: {tree} ({time.monotonic() - begin:.1f} s)\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
