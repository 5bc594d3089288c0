"""Whatever a script is made of, no value in it is run: scripts at random, values that would leave a trace."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from headgate.gateway.templates.placing import placed
from headgate.gateway.templates.values import TemplateError

FRAGMENTS = [
    *("echo ", "x=", "'", '"', "`", "$(", "$((", "((", "))", ")", "(", "${x:-", "}", "$'", '$"', "\\", "\n", " ", ";"),
    *("#", " # ", "<<E ", "<<'E' ", "<<-E ", "<<<", "\nE\n", "\n\tE\n", "[[ ", " ]]", " -eq 1", " == ", "a[", "]=1"),
    *("let ", "eval ", "declare ", "declare -i x=", "local ", "export x=", "unset ", "read ", "printf -v ", "test -v "),
    *("$[", "]", "[ ", " | cat", " && ", "if true; then ", "; fi", "case x in ", " ;; esac", "f() { ", "}; f", "!"),
    *("for i in ", "; do :; done", "#SBATCH ", "trap ", " EXIT", "\\'", '\\"', "$", "&", "> ", "< ", "{1..2}", "~"),
]
TRACES = [
    "$(touch trace)",
    "`touch trace`",
    "'; touch trace; '",
    '"; touch trace; "',
    "\ntouch trace\n",
    "; touch trace #",
    "a[$(touch trace)]",
    "E\ntouch trace\n",
    "x=$(touch trace)",
    "\\'; touch trace; \\'",
    "$'\\'; touch trace; #",
    "}; touch trace; {",
    "))$(touch trace)((",
]
MARKED = "\0000\0"


@settings(max_examples=400, deadline=None)
@given(
    pieces=st.lists(st.sampled_from([*FRAGMENTS, MARKED, MARKED, MARKED, MARKED]), min_size=1, max_size=14),
    value=st.sampled_from(TRACES),
    before=st.sampled_from(["", "#SBATCH --comment=\0000\0\n", "# for \0000\0\n", "  # \0000\0\n"]),
)
def test_no_value_is_run(pieces: list[str], value: str, before: str) -> None:
    try:
        script = placed(f"#!/bin/bash\n{before}{''.join(pieces)}{MARKED}\n", [value])
    except TemplateError:
        return
    with tempfile.TemporaryDirectory() as directory:
        subprocess.run(
            ["/usr/bin/timeout", "5", "/bin/bash", "-s"],
            input=script.encode(),
            capture_output=True,
            check=False,
            cwd=directory,
            env={"PATH": "/usr/bin:/bin", "HOME": directory},
        )
        assert not (Path(directory) / "trace").exists(), script
