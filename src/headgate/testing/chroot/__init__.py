"""Other Debians on the same machine, made by debootstrap: for other versions of Slurm, and to install things in.

A tree is made once, kept under /var/cache/headgate, used by any number of clusters at once, and never written to by
them. It holds Slurm and a Python; munge and MariaDB are the host's. Nothing is ever mounted in the host's own view.

Read `releases` first, then `build`. `debian` makes trees, clean ones too; `machine` runs a copy of one as a machine of
its own, and `booted` one that systemd has started.

``python -m headgate.testing.chroot VERSION...`` makes trees ahead of time.
"""

from __future__ import annotations

from headgate.testing.chroot.build import installation
from headgate.testing.chroot.releases import RELEASES

__all__ = ["RELEASES", "installation"]
