"""No value becomes anything but a value, wherever it stands."""

from __future__ import annotations

import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headgate.gateway.templates.placing import placed
from headgate.gateway.templates.values import TemplateError, Value

texts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=40)
HOSTILE = [
    "it's",
    '"',
    "$(id)",
    "`id`",
    "a\nb",
    "\\",
    "; exit 3",
    "* ?",
    "",
    "-n",
    "\t",
    "# x",
    "'\\''",
    "${HOME}",
    "é\u202e",
]


def run(script: str) -> bytes:
    done = subprocess.run(["/bin/bash", "-s"], input=script.encode(), capture_output=True, check=False, env={})
    assert done.returncode == 0, done.stderr
    return done.stdout


def printed(*words: str) -> bytes:
    return "".join(f"{word}\0" for word in words).encode()


@settings(max_examples=150, deadline=None)
@given(value=texts)
def test_a_word_of_the_shell_arrives_as_it_is(value: str) -> None:
    assert run(placed("#!/bin/bash\nprintf '%s\\0' \0000\0 end\n", [value])) == printed(value, "end")


@settings(max_examples=60, deadline=None)
@given(values=st.lists(texts, min_size=1, max_size=4))
def test_a_list_is_as_many_words(values: list[str]) -> None:
    assert run(placed("#!/bin/bash\nprintf '%s\\0' \0000\0\n", [values])) == printed(*values)


@pytest.mark.parametrize("value", HOSTILE)
def test_a_part_of_a_word_stays_a_part(value: str) -> None:
    assert run(placed("#!/bin/bash\nprintf '%s\\0' --x=\0000\0y\n", [value])) == printed(f"--x={value}y")


@pytest.mark.parametrize("value", HOSTILE)
def test_a_comment_ends_with_its_line(value: str) -> None:
    assert run(placed("#!/bin/bash\n# for \0000\0\ntrue # \0000\0\necho fine\n", [value])) == b"fine\n"


@pytest.mark.parametrize(
    "script",
    [
        'echo "\0000\0"',
        "echo '\0000\0'",
        'echo "it is `date` \0000\0"',
        "echo `echo \0000\0`",
        "cat <<EOF\n\0000\0\nEOF",
        "cat <<'EOF'\n\0000\0\nEOF",
        "cat <<-EOF\n\ta\n\t\0000\0\n\tEOF",
        'echo "a\nb \0000\0"',
        "echo $((\0000\0))",
        "((x = \0000\0))",
        'echo "$(echo \\"\0000\0)"',
        'x="$(echo "\0000\0")"',
        "echo $'\\'\0000\0'",
        'echo "${x:-\0000\0}"',
        "[[ \0000\0 -eq 1 ]]",
        "[[ -v \0000\0 ]]",
        "a[\0000\0]=1",
        "let \0000\0",
        "eval echo \0000\0",
        "unset \0000\0",
        "declare \0000\0",
        "declare -i x=\0000\0",
        "printf -v \0000\0 x",
        "echo $[\0000\0]",
        'x="\n# \0000\0"',
    ],
)
def test_where_no_quoting_would_hold_a_text_is_refused_with_its_line(script: str) -> None:
    with pytest.raises(TemplateError, match=r"line \d+ of the script"):
        placed(f"#!/bin/bash\n{script}\n", ["$(touch /nowhere)"])


@pytest.mark.parametrize(("script", "out"), [('echo "\0000\0"', b"7\n"), ("echo $((\0000\0 + 1))", b"8\n")])
def test_numbers_may_stand_there(script: str, out: bytes) -> None:
    assert run(placed(f"#!/bin/bash\n{script}\n", [7])) == out


def test_after_a_here_document_words_are_words_again() -> None:
    script = "#!/bin/bash\ncat <<EOF\nplain\nEOF\nprintf '%s' \0000\0\n"
    assert run(placed(script, ["a b"])) == b"plain\na b"


def test_a_here_string_is_no_here_document() -> None:
    assert run(placed("#!/bin/bash\ncat <<<\0000\0\n", ["a b"])) == b"a b\n"


@pytest.mark.parametrize(
    ("value", "line"),
    [
        ("x --partition=nope", '#SBATCH --comment="x --partition=nope"'),
        ('a"b\\', r'#SBATCH --comment="a\"b\\"'),
        ("a#b", '#SBATCH --comment="a#b"'),
        ("", '#SBATCH --comment=""'),
        (["a", "b"], "#SBATCH --comment=a,b"),
        (True, "#SBATCH --comment=true"),
        (3, "#SBATCH --comment=3"),
    ],
)
def test_in_a_directive_what_is_not_plain_stands_in_quotes(value: Value, line: str) -> None:
    assert placed("#!/bin/sh\n#SBATCH --comment=\0000\0\n", [value]).splitlines()[1] == line


@pytest.mark.parametrize("line", ['--comment="\0000\0"', "--comment='x \0000\0'", '--comment="a\\" \0000\0"'])
def test_quotes_of_the_templates_own_are_refused_in_a_directive(line: str) -> None:
    with pytest.raises(TemplateError, match="leave them away"):
        placed(f"#!/bin/sh\n#SBATCH {line}\n", ["x --hold"])


def test_a_directive_is_one_line() -> None:
    with pytest.raises(TemplateError, match="line 2"):
        placed("#!/bin/sh\n#SBATCH --comment=\0000\0\n", ["a\n#SBATCH --uid=0"])
