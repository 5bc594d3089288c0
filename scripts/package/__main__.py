"""``./dev package``: build what Headgate is installed from, and try it."""

from __future__ import annotations

import argparse
import logging
import sys
import tempfile
from pathlib import Path

from headgate.errors import HeadgateError
from scripts.package import debian, trial, wheel
from scripts.package.releases import RELEASES

OUTPUT = Path("dist")


def main() -> int:
    """Do what is asked for; return the exit status."""
    parser = argparse.ArgumentParser(prog="./dev package", description=__doc__)
    commands = parser.add_subparsers(dest="what", required=True)
    for what, help_ in (
        ("wheel", "build the wheel"),
        ("deb", "build the Debian package, in a tree of its release; needs root"),
        ("try", "from a clean Debian to the first message, each step timed; needs root"),
    ):
        command = commands.add_parser(what, help=help_)
        command.add_argument("--output", type=Path, default=OUTPUT, help="directory for what is made (default: dist)")
        if what != "wheel":
            command.add_argument("--release", choices=list(RELEASES), default="bookworm", help="of Debian")
    options = parser.parse_args()
    logging.basicConfig(format="%(message)s")
    try:
        _do(options.what, options)
    except HeadgateError as error:
        sys.stderr.write(f"{error.message}\n")
        return 1
    return 0


def _do(what: str, options: argparse.Namespace) -> None:
    options.output.mkdir(parents=True, exist_ok=True)
    if what == "wheel":
        print(wheel.build(options.output))
        return
    release = RELEASES[options.release]
    package = debian.build(release, options.output)
    print(package)
    if what == "try":
        with tempfile.TemporaryDirectory(prefix="headgate-try-") as directory:
            told = trial.first_message(release, package, Path(directory), show=print)
        page = options.output / f"first-message-{release.suite}.txt"
        page.write_text(told.as_text())
        print(f"\n{page}")


if __name__ == "__main__":
    sys.exit(main())
