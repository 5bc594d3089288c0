"""What is sent to a login node runs there: in any shell, on Python 3.9."""

from __future__ import annotations

import ast
import io
import subprocess
import sys
from pathlib import Path

import pytest

from headgate.executor import headgate_remote

SENT = sorted(Path(headgate_remote.__file__).parent.glob("headgate_*.py"))


@pytest.mark.parametrize("shell", ["/bin/sh", "/bin/bash", "/bin/dash"])
def test_a_shell_takes_the_one_command_there_is(shell: str) -> None:
    program = b"import sys; sys.stdout.write('started')"
    done = subprocess.run(
        [shell, "-c", headgate_remote.START % sys.executable],
        input=b"%d\n" % len(program) + program,
        capture_output=True,
        check=True,
    )
    assert (done.stdout, done.stderr) == (b"started", b"")


@pytest.mark.parametrize("path", SENT, ids=lambda path: path.stem)
def test_the_files_are_written_in_the_python_of_three_nine(path: Path) -> None:
    tree = ast.parse(path.read_text(), feature_version=(3, 9))
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)]
    for call in calls:
        assert isinstance(call.func, ast.Attribute)
        if call.func.attr in {"to_bytes", "from_bytes"}:  # the order of bytes has a default since 3.11
            assert len(call.args) == 2
    imported = {
        name.name.partition(".")[0] for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names
    }
    assert imported <= sys.stdlib_module_names - {"tomllib"}


def test_a_message_comes_out_as_it_went_in_and_half_of_one_does_not() -> None:
    message = headgate_remote.framed({"id": 1, "text": "ü"}, b"data")
    assert headgate_remote.read_message(io.BytesIO(message)) == ({"id": 1, "text": "ü"}, b"data")
    assert all(headgate_remote.read_message(io.BytesIO(message[:end])) is None for end in range(len(message)))
