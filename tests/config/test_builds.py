from __future__ import annotations

from pathlib import Path

import pytest

from headgate.config.check import check
from headgate.config.load import read
from headgate.connectors.registry import settings_of

WHOLE = """\
[builds]
instance = "my-bot"
repos_dir = "{directory}"
[builds.permissions]
command = ["ann", "team:org/builders"]
build = ["ann"]
deploy = ["boss"]
[builds.forges.github]
kind = "github"
app_id = 1
private_key = "/etc/headgate/key.pem"
webhook_secret = "0123456789abcdef"
[builds.targets.zen2]
architecture = "x86_64/amd/zen2"
repositories = ["r-software"]
[builds.jobs]
user = "builder"
directory = "/shared/jobs"
"""
REPOS = "[r-software]\nrepo_name = x\n"


def found(directory: Path, text: str, repos: str | None = REPOS) -> list[str]:
    path = directory / "f.toml"
    path.write_text(text.replace("{directory}", str(directory)))
    path.chmod(0o640)
    if repos is not None:
        (directory / "repos.cfg").write_text(repos)
    problems = check(path, env={}, connector_settings=settings_of)
    return [str(problem).partition(": ")[2] for problem in problems if problem.key != "notify.default_connector"]


def test_a_whole_configuration_is_fine(tmp_path: Path) -> None:
    assert found(tmp_path, WHOLE) == []


REMARKS = {
    "nobody may command": (
        'command = ["ann", "team:org/builders"]',
        "",
        "warning: builds.permissions.command: is empty, and so for every repository: nobody may give commands",
    ),
    "nobody may build": (
        'build = ["ann"]',
        "build = []",
        "warning: builds.permissions.build: is empty, and so for every repository: nobody may have builds made",
    ),
    "nobody may deploy": (
        'deploy = ["boss"]',
        "",
        "warning: builds.permissions.deploy: is empty, and so for every repository: nobody may have builds deployed",
    ),
    "every author may deploy": (
        'deploy = ["boss"]',
        'deploy = ["author"]',
        "warning: builds.permissions.deploy: holds author: whoever opens a pull request may have it deployed",
    ),
    "no account": (
        'user = "builder"',
        "",
        "builds.jobs.user: is required where there are forges: the account of jobs",
    ),
    "no directory": (
        'directory = "/shared/jobs"',
        "",
        "builds.jobs.directory: is required where there are forges: the directory of jobs",
    ),
    "a repository that was mistyped": (
        'repositories = ["r-software"]',
        'repositories = ["r-sofware"]',
        (
            "warning: builds.targets.zen2.repositories: repos.cfg has no [r-sofware]: nothing is built for it; "
            "did you mean r-software?"
        ),
    ),
}


@pytest.mark.parametrize(("old", "new", "warning"), REMARKS.values(), ids=REMARKS.keys())
def test_what_is_probably_not_meant_or_missing_is_named(tmp_path: Path, old: str, new: str, warning: str) -> None:
    assert old in WHOLE
    assert found(tmp_path, WHOLE.replace(old, new)) == [warning]


def test_who_may_in_one_repository_is_somebody(tmp_path: Path) -> None:
    text = WHOLE.replace('build = ["ann"]', "") + '[builds.repositories."o/r"]\nbuild = ["ann"]\n'
    assert found(tmp_path, text) == []


def test_repositories_that_need_no_entry_are_known(tmp_path: Path) -> None:
    assert found(tmp_path, WHOLE.replace('["r-software"]', '["EESSI-pilot", "r-software"]')) == []


def test_repos_cfg_that_is_not_there_is_a_warning(tmp_path: Path) -> None:
    assert found(tmp_path, WHOLE, None) == [
        "warning: builds.repos_dir: its repos.cfg cannot be read: No such file or directory"
    ]


def test_a_mistake_in_repos_cfg_is_named_with_its_line(tmp_path: Path) -> None:
    assert found(tmp_path, WHOLE, "[r-software]\nconfig_map = {\n") == [
        "warning: builds.repos_dir: repos.cfg:2: [r-software] config_map: is no JSON"
    ]


def test_the_service_starts_though_repos_cfg_cannot_be_read(tmp_path: Path) -> None:
    path = tmp_path / "f.toml"
    path.write_text(WHOLE.replace("{directory}", str(tmp_path)))
    path.chmod(0o640)
    reading = read(path, env={}, connector_settings=settings_of)
    assert reading.settings is not None
    assert [problem.key for problem in reading.problems] == ["notify.default_connector"]


def test_a_service_without_targets_does_not_start(tmp_path: Path) -> None:
    head, _, rest = WHOLE.partition("[builds.targets.zen2]")
    text = head + "[builds.jobs]" + rest.partition("[builds.jobs]")[2]
    assert found(tmp_path, text) == ["builds.targets: there is none: nothing can be built"]


def test_without_a_forge_nothing_is_said(tmp_path: Path) -> None:
    head, _, rest = WHOLE.partition("[builds.forges.github]")
    text = head.replace("command = ", "# ") + "[builds.targets.zen2]" + rest.partition("[builds.targets.zen2]")[2]
    assert found(tmp_path, text, None) == []


MISTAKES = {
    "a placeholder": (
        '[builds.texts]\njobdir = "{symlnk}"\n',
        "builds.texts.jobdir: has a placeholder that is unknown",
    ),
    "a brace": ('[builds.texts]\njobdir = "{symlink} {"\n', "builds.texts.jobdir: has a brace alone"),
    "an answer without its result": (
        '[builds.texts]\ncommand_response = "It was: {comment_response}"\n',
        "builds.texts.command_response: needs {comment_response} and {comment_result}",
    ),
    "an architecture that is a path": (
        '[builds.targets.x]\narchitecture = "../x"\nrepositories = ["r"]\n',
        "builds.targets.x.architecture: should be made of letters",
    ),
    "a target's name": (
        '[builds.targets."a/b"]\narchitecture = "x"\nrepositories = ["r"]\n',
        "builds.targets: a target's name is made of",
    ),
    "a repository": ("[builds.repositories.x]\n", "builds.repositories: a repository is named OWNER/NAME"),
    "a repository's forge": (
        '[builds.repositories."gitlab:o/r"]\n',
        "builds.repositories: a repository is named on a forge that is not configured",
    ),
    "an expression": (
        '[[builds.job_arguments]]\nname = "("\nvalue = "x"\n',
        "builds.job_arguments[0].name: should be a regular expression",
    ),
    "a kind of forge": (
        '[builds.forges.x]\nkind = "gitlub"\n',
        "builds.forges.x.kind: should be one of 'github', 'gitlab'; did you mean \"gitlab\"?",
    ),
    "a forge without a kind": ("[builds.forges.x]\napp_id = 1\n", "builds.forges.x.kind: is required"),
    "a key that another kind has": (
        '[builds.forges.x]\nkind = "gitlab"\ntoken = "t"\nwebhook_secret = "s"\napp_id = 1\n',
        "builds.forges.x.app_id: unknown key",
    ),
    "a key that is missing": (
        '[builds.forges.x]\nkind = "gitlab"\nwebhook_secret = "s"\n',
        "builds.forges.x.token: is required",
    ),
    "a secret that is not there": (
        '[builds.forges.x]\nkind = "gitlab"\nwebhook_secret = "s"\ntoken_env = "NO"\n',
        "builds.forges.x.token_env: names the environment variable 'NO', which is not set",
    ),
    "who may": (
        '[builds.repositories."o/r"]\nbuild = ["a b"]\n',
        'builds.repositories."o/r".build: should hold logins',
    ),
}


@pytest.mark.parametrize(("text", "mistake"), MISTAKES.values(), ids=MISTAKES.keys())
def test_what_cannot_work_is_refused(tmp_path: Path, text: str, mistake: str) -> None:
    (problem,) = found(tmp_path, WHOLE + text)
    assert problem.startswith(mistake)
