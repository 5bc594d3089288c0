from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

import pytest

from headgate.builds.deploy import names
from headgate.builds.deploy.policy import Candidate
from headgate.builds.deploy.request import DeployError
from headgate.builds.deploy.script import MAX_SAID, command, environment, said, upload
from headgate.config.builds import DeploySettings, SigningSettings
from tests.builds.deploy.made import ARTEFACT, REPOSITORY_ID, job, request
from tests.executor.conftest import gone, until

CANDIDATE = Candidate(job(), names.read(ARTEFACT, ".*"))


def program(directory: Path, text: str) -> Path:
    path = directory / "upload"
    path.write_text(f"#!{sys.executable}\n{text}")
    path.chmod(0o755)
    return path


def settings(script: Path, **given: Any) -> DeploySettings:
    return DeploySettings.model_validate({"policy": "all", "kind": "script", "script": script} | given)


def argv(given: DeploySettings) -> list[str]:
    return command(given, request(CANDIDATE.job), CANDIDATE, "my-bot", Path("/spool") / ARTEFACT)


def test_the_command_line_is_the_predecessors(tmp_path: Path) -> None:
    key, signs = tmp_path / "key", tmp_path / "sign"
    given = settings(
        Path("/opt/upload"),
        bucket={REPOSITORY_ID: "staging"},
        endpoint_url="https://s3.example",
        artefact_prefix="a/${pull_request_number}",
        metadata_prefix={REPOSITORY_ID: "m"},
        signing={REPOSITORY_ID: SigningSettings(key=key, script=signs)},
    )
    assert argv(given) == [
        "/opt/upload",
        "--artefact-prefix",
        "a/${pull_request_number}",
        "--bucket-name",
        "staging",
        "--endpoint-url",
        "https://s3.example",
        "--metadata-prefix",
        "m",
        "--pr-comment-id",
        "77",
        "--pull-request-number",
        "12",
        "--repository",
        "EESSI/software-layer",
        "--bot-instance",
        "my-bot",
        "--sign-key",
        str(key),
        "--sign-script",
        str(signs),
        f"/spool/{ARTEFACT}",
    ]


def test_what_is_not_configured_is_not_there() -> None:
    words = argv(settings(Path("/opt/upload"), bucket="staging"))
    assert not {"--endpoint-url", "--sign-key", "--sign-script"}.intersection(words)
    assert words[1:4] == ["--artefact-prefix", "", "--bucket-name"]


async def test_the_script_gets_these_words_and_no_variable_of_ours(tmp_path: Path) -> None:
    script = program(
        tmp_path, f"import json, os, sys\njson.dump([sys.argv, dict(os.environ)], open('{tmp_path}/out', 'w'))"
    )
    given = settings(script, bucket="; touch pwned", script_environment=["https_proxy"], credentials="/etc/aws")
    ours = {"SECRET": "of the service", "https_proxy": "http://proxy", "PATH": "/ours"}
    await upload(given, argv(given), environment(given, ours, tmp_path))
    words, seen = json.loads((tmp_path / "out").read_text())
    assert words == argv(given)
    assert set(seen) - {"LC_CTYPE"} == {
        "PATH",
        "HOME",
        "USER",
        "LOGNAME",
        "LC_ALL",
        "TMPDIR",
        "AWS_SHARED_CREDENTIALS_FILE",
        "https_proxy",
    }
    assert seen["PATH"] == "/usr/local/bin:/usr/bin:/bin"


@pytest.mark.parametrize("code", [1, 2, 77, 255])
async def test_any_other_end_than_0_is_a_failure_with_the_scripts_words(tmp_path: Path, code: int) -> None:
    script = program(tmp_path, f"import sys\nsys.stderr.write('no such\\nbucket\\n')\nsys.exit({code})")
    given = settings(script)
    with pytest.raises(DeployError) as error:
        await upload(given, argv(given), environment(given, {}, tmp_path))
    assert error.value.message == f"the upload script ended with {code}: no such bucket"


async def test_a_script_that_is_killed_failed(tmp_path: Path) -> None:
    given = settings(program(tmp_path, "import os\nos.kill(os.getpid(), 9)"))
    with pytest.raises(DeployError, match=f"ended with -{signal.SIGKILL.value}$"):
        await upload(given, argv(given), environment(given, {}, tmp_path))


async def test_a_script_that_is_not_there_failed(tmp_path: Path) -> None:
    given = settings(tmp_path / "none")
    with pytest.raises(DeployError, match="cannot be started"):
        await upload(given, argv(given), environment(given, {}, tmp_path))


async def test_the_time_out_ends_the_script_and_its_children(tmp_path: Path) -> None:
    script = program(
        tmp_path,
        "import os, subprocess, time\n"
        "child = subprocess.Popen(['/bin/sleep', '600'])\n"
        f"open('{tmp_path}/pids.new', 'w').write(f'{{os.getpid()}} {{child.pid}}')\n"
        f"os.rename('{tmp_path}/pids.new', '{tmp_path}/pids')\n"
        "time.sleep(600)",
    )
    given = settings(script, script_timeout=5)
    with pytest.raises(DeployError, match="did not answer within 5 s"):
        await upload(given, argv(given), environment(given, {}, tmp_path))
    for pid in (tmp_path / "pids").read_text().split():
        until(lambda pid=pid: gone(int(pid)))  # type: ignore[misc]


def test_what_a_script_says_is_bounded_and_on_one_line() -> None:
    assert said("a\n\x1b[31mb\tc\r\n") == "a [31mb c"
    long = said("x" * 10_000 + "end")
    assert len(long) == MAX_SAID + 3
    assert long.endswith("end")


async def test_no_shell_reads_the_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    script = program(tmp_path, "import sys")
    given = settings(script, bucket=f"$(touch {tmp_path}/pwned); touch {tmp_path}/pwned")
    await upload(given, argv(given), environment(given, dict(os.environ), tmp_path))
    assert not (tmp_path / "pwned").exists()
