"""The EESSI bot's app.cfg, of both generations, becomes a configuration that Headgate can be run with."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from headgate.cli.main import headgate
from headgate.config.builds import BuildSettings, BuildTexts, GitHubSettings, GitLabSettings
from headgate.config.convert.eessi import convert
from headgate.config.load import load
from headgate.connectors.registry import settings_of
from headgate.errors import ConfigError

OPTIONS = ("--account", "--constraint", "--mem", "--nodes", "--partition", "--requeue", "--time")
GITHUB = """\
[github]
app_id = 123456
app_name = my-bot
installation_id = 12345678
private_key = /home/bot/key.pem
"""
REST = """\
[bot_control]
# who may send commands
command_permission = ann bob
command_response_fmt =
    <details><summary>Updates by the bot instance <code>{app_name}</code>
    <em>(click for details)</em></summary>

    {comment_response}
    {comment_result}
    </details>
chatlevel = Chatty

[buildenv]
build_job_script = /home/bot/eessi-bot-software-layer/scripts/bot-build.slurm
shared_fs_path = /shared
build_logs_dir = /shared/logs
container_cachedir = /shared/containers
cvmfs_customizations = { "/etc/cvmfs/default.local": "CVMFS_HTTP_PROXY=\\"http://proxy:3128|http://10.0.0.1:3128\\"" }
http_proxy = http://proxy:3128/
job_name = prod
job_delay_begin_factor = 2.5
job_handover_protocol = delayed_begin
jobs_base_dir = /shared/jobs
load_modules =
local_tmp = /tmp/$USER/EESSI
site_config_script = /shared/site.sh
slurm_params = --hold --nodes=1 -t 12:00:00 --get-user-env --switches=1
submit_command = /usr/bin/sbatch
build_permission = ann
no_build_permission_comment = Label by `{build_labeler}`, who may not, not by 100%%
allow_update_submit_opts = false
clone_git_repo_via = https
CHANGING
[deploycfg]
artefact_upload_script = /home/bot/eessi-bot-software-layer/scripts/eessi-upload-to-staging
endpoint_url = https://s3.example.org:9000
bucket_name = {
    "r-2023.06-software": "staging-2023.06",
    "r-2025.06-software": "staging-2025.06" }
upload_policy = once
deploy_permission =
no_deploy_permission_comment = `{deploy_labeler}` may not
metadata_prefix = {"r-2023.06-software": "new/${github_repository}/${pull_request_number}"}
artefact_prefix =
signing =
    {
        "r-2023.06-software": {
            "script": "/home/bot/sign.sh", "key": "/home/bot/sign.key", "container_runtime": "apptainer" },
        "r-2025.06-software": { "script": "bot/sign.sh", "key": "/home/bot/other.key" }
    }

[architecturetargets]
node_type_map = {
    "cpu_zen2": {
        "os": "linux",
        "cpu_subdir": "x86_64/amd/zen2",
        "slurm_params": "-p zen2 --mem 16G --constraint 'a|b'",
        "repo_targets": ["r-2023.06-software", "r-2025.06-software"]
    },
    "gpu node": {
        "os": "linux", "cpu_subdir": "x86_64/amd/zen4", "accel": "nvidia/cc90",
        "slurm_params": "", "repo_targets": ["r-2023.06-software"]
    },
    "idle": {"os": "linux", "cpu_subdir": "x86_64/generic", "slurm_params": "", "repo_targets": []} }

[repo_targets]
repos_cfg_dir = /shared/repos

[event_handler]
log_path = /home/bot/eh.log

[job_manager]
log_path = /home/bot/jm.log
job_ids_dir = /home/bot/ids
poll_command = /usr/bin/squeue
poll_interval = 60
scontrol_command = /usr/bin/scontrol --clusters=%%(cluster)s

[submitted_job_comments]
awaits_release_delayed_begin_msg = job id `{job_id}` will be eligible to start in about {delay_seconds} seconds
awaits_release_hold_release_msg = job id `{job_id}` awaits release by job manager
new_job_instance_repo = New job on instance `{app_name}` for repository `{repo_id}`
build_on_arch = Building on: `{on_arch}`{on_accelerator}
build_for_arch = Building for: `{for_arch}`{for_accelerator}
jobdir = Directory: `{symlink}`
with_accelerator = &nbsp;and accelerator `{accelerator}`

[new_job_comments]
awaits_launch = job awaits launch by Slurm scheduler{extra_info}

[running_job_comments]
running_job = job `{job_id}` is running

[finished_job_comments]
job_result_unknown_fmt = <details><summary>:shrug: UNKNOWN</summary>`{filename}`</details>
job_test_unknown_fmt = <details><summary>:shrug: UNKNOWN</summary>`{filename}`</details>

[download_pr_comments]
git_clone_failure = x
git_clone_tip = x
git_checkout_failure = x
git_checkout_tip = x
curl_failure = x
curl_tip = x
git_apply_failure = x
git_apply_tip = x
pr_diff_failure = x
pr_diff_tip = x

[clean_up]
trash_bin_dir = $HOME/trash_bin
moved_job_dirs_comment = PR merged! Moved `{job_dirs}` to `{trash_bin_dir}`
"""
OLD = GITHUB + REST.replace("CHANGING", 'allowed_exportvars = ["SKIP_TESTS=yes", "A.B=1.0"]\n')
NEW = GITHUB.replace("installation_id", "api_timeout = 20\ninstallation_id") + REST.replace(
    "CHANGING",
    'allowed_jobargs = [{"key": "^SKIP_TESTS$", "value": "^(yes|no)$"}]\n'
    'allowed_submitargs = [{"value": "--time=[0-9:]+"}]\ncancel_command = /usr/bin/scancel --verbose\n',
).replace("with_accelerator", "commit_sha = Commit: `{commit_sha}`\nwith_accelerator")
ON_GITLAB = (
    "[git]\nhosting_platform = gitlab\n[gitlab]\ninstance_url = https://gitlab.example.org/\nbot_name = lab-bot\n"
    "api_timeout = 15\n" + REST.replace("CHANGING", "")
)
REPOS = '[r-2023.06-software]\nrepo_name = x\nconfig_map = { "a": "/b" }\n'


def made(directory: Path, text: str, repos: str | None = None) -> tuple[BuildSettings, str]:
    """Return what Headgate reads of a converted file, and the file."""
    toml = convert(text, "app.cfg", repos, options=OPTIONS)
    path = directory / "headgate.toml"
    path.write_text(toml)
    path.chmod(0o600)
    secrets = {"GITHUB_APP_SECRET_TOKEN": "s", "GITLAB_PROJECT_ACCESS_TOKEN": "t", "GITLAB_WEBHOOK_SECRET_TOKEN": "u"}
    return load(path, env=secrets, connector_settings=settings_of).builds, " ".join(toml.replace("\n#", " ").split())


def test_an_app_cfg_of_2025_is_carried_over(tmp_path: Path) -> None:
    builds, _ = made(tmp_path, OLD)
    assert (builds.instance, builds.chat, str(builds.repos_dir)) == ("my-bot", "chatty", "/shared/repos")
    forge = builds.forges["github"]
    assert isinstance(forge, GitHubSettings)
    assert (forge.app_id, str(forge.private_key)) == (123456, "/home/bot/key.pem")
    assert forge.webhook_secret.get_secret_value() == "s"
    assert builds.permissions.model_dump() == {"command": ("ann", "bob"), "build": ("ann",), "deploy": (), "cancel": ()}
    assert {name: (one.os, one.architecture, one.accelerator) for name, one in builds.targets.items()} == {
        "cpu_zen2": ("linux", "x86_64/amd/zen2", ""),
        "gpu-node": ("linux", "x86_64/amd/zen4", "nvidia/cc90"),
    }
    zen2 = builds.targets["cpu_zen2"]
    assert zen2.slurm_options == ("--partition=zen2", "--mem=16G", "--constraint=a|b")
    assert zen2.repositories == ("r-2023.06-software", "r-2025.06-software")
    assert [(one.name, one.value) for one in builds.job_arguments] == [("SKIP_TESTS", "yes"), (r"A\.B", r"1\.0")]
    jobs = builds.jobs
    assert (jobs.handover, jobs.begin_delay, jobs.name, str(jobs.directory)) == (
        "delayed_begin",
        150,
        "prod",
        "/shared/jobs",
    )
    assert jobs.slurm_options == ("--nodes=1", "--time=12:00:00")
    assert (jobs.shared_fs_path, jobs.http_proxy) == ("/shared", "http://proxy:3128/")
    assert jobs.local_tmp == "/tmp/$USER/EESSI"  # noqa: S108 - on the node, and never used here
    assert (jobs.site_config_script, jobs.load_modules, jobs.script) == ("/shared/site.sh", "", None)


def test_what_is_deployed_is_carried_over(tmp_path: Path) -> None:
    deploy = made(tmp_path, OLD)[0].deploy
    assert (deploy.policy, deploy.kind, deploy.endpoint_url) == ("once", "s3", "https://s3.example.org:9000")
    assert deploy.bucket == {"r-2023.06-software": "staging-2023.06", "r-2025.06-software": "staging-2025.06"}
    assert deploy.metadata_prefix == {"r-2023.06-software": "new/${github_repository}/${pull_request_number}"}
    assert deploy.artefact_prefix == ""
    assert {name: str(one.key) for name, one in deploy.signing.items()} == {
        "r-2023.06-software": "/home/bot/sign.key",
        "r-2025.06-software": "/home/bot/other.key",
    }


def test_texts_keep_their_placeholders_and_lines(tmp_path: Path) -> None:
    texts = made(tmp_path, OLD)[0].texts
    assert texts.command_response == (
        "<details><summary>Updates by the bot instance <code>{app_name}</code>\n"
        "<em>(click for details)</em></summary>\n\n{comment_response}\n{comment_result}\n</details>"
    )
    assert texts.no_build_permission == "Label by `{build_labeler}`, who may not, not by 100%"
    assert texts.jobdir == "Directory: `{symlink}`"
    assert texts.job_result_unknown == "<details><summary>:shrug: UNKNOWN</summary>`{filename}`</details>"
    assert texts.moved_job_dirs.startswith("PR merged!")
    assert texts.running_job == BuildTexts().running_job


REMARKS = {
    "a variable in a path": "trash_bin_dir was $HOME/trash_bin: write it out.",
    "nobody may deploy": "deploy_permission was empty. The bot's guide says that is everybody, but it let nobody",
    "an option that is ours": "--hold was left out: `handover` says it.",
    "an option there is not": "--switches was left out: it is no option for sbatch that the executor takes.",
    "a key that pull requests could read": "The bot ran bot/sign.sh of the pull request itself with this key",
    "what was never applied": "cvmfs_customizations: the bot read it and never applied it",
    "a node on which nothing is built": "idle was left out: its repo_targets is empty",
    "several clusters": "scontrol_command named a cluster",
    "the account": "user: the Unix account jobs run as",
    "the installation": "installation_id is needed no more",
}


@pytest.mark.parametrize("remark", REMARKS.values(), ids=REMARKS.keys())
def test_what_is_not_carried_over_exactly_is_remarked(tmp_path: Path, remark: str) -> None:
    assert remark in made(tmp_path, OLD)[1]


def test_clusters_that_node_types_are_in_are_carried_over(tmp_path: Path) -> None:
    text = OLD.replace('"-p zen2 --mem 16G', '"-M far -p zen2 --mem 16G').replace("--hold --nodes=1", "--clusters=a,b")
    builds, toml = made(tmp_path, text)
    zen2 = builds.targets["cpu_zen2"]
    assert (zen2.cluster, builds.jobs.cluster, builds.targets["gpu-node"].cluster) == ("far", "", "")
    assert zen2.slurm_options == ("--partition=zen2", "--mem=16G", "--constraint=a|b")
    assert "--clusters was a,b: one cluster can be named" in toml
    assert "--clusters named far: its slurm.conf has to be written here" in toml
    assert "[clusters.far] " in toml


def test_an_app_cfg_of_2026_is_carried_over(tmp_path: Path) -> None:
    builds, text = made(tmp_path, NEW)
    assert [(one.name, one.value) for one in builds.job_arguments] == [("^SKIP_TESTS$", "^(yes|no)$")]
    assert builds.submit_arguments == ("--time=[0-9:]+",)
    assert builds.texts.commit_sha == "Commit: `{commit_sha}`"
    assert builds.forges["github"].timeout == 20
    assert "nothing that the bot reads" not in text


def test_an_app_cfg_for_gitlab_is_carried_over(tmp_path: Path) -> None:
    builds, _ = made(tmp_path, ON_GITLAB)
    assert builds.instance == "lab-bot"
    forge = builds.forges["gitlab"]
    assert isinstance(forge, GitLabSettings)
    assert (forge.url, forge.timeout, forge.token.get_secret_value()) == ("https://gitlab.example.org", 15, "t")


def test_repos_cfg_is_looked_into(tmp_path: Path) -> None:
    assert "repos.cfg has no r-2025.06-software: nothing is built for that." in made(tmp_path, OLD, REPOS)[1]


def line(text: str, start: str) -> int:
    return next(number for number, one in enumerate(text.split("\n"), 1) if one.startswith(start))


def refused(text: str, repos: str | None = None) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        convert(text, "app.cfg", repos, options=OPTIONS)
    return caught.value.message.split("\n")


def test_a_key_without_which_the_bot_does_not_start_is_named() -> None:
    text = OLD.replace("job_name = prod\n", "").replace("app_id = 123456\n", "")
    assert refused(text) == [
        "app.cfg:1: [github] app_id: is missing",
        f"app.cfg:{line(text, '[buildenv]')}: [buildenv] job_name: is missing",
    ]


def test_a_section_without_which_the_bot_does_not_start_is_named() -> None:
    text = OLD.replace("[running_job_comments]\nrunning_job = job `{job_id}` is running\n", "")
    assert refused(text) == ["app.cfg: [running_job_comments]: is missing, with all its keys"]


def test_a_key_that_only_the_bot_needs_is_a_remark(tmp_path: Path) -> None:
    text = made(tmp_path, OLD.replace("curl_tip = x\n", ""))[1]
    assert "The bot would not have started without [download_pr_comments] curl_tip; Headgate can do without." in text


FORBIDDEN = {
    "arch_target_map": ("[architecturetargets]", "arch_target_map = {}", "node_type_map in the same section"),
    "repo_target_map": ("[repo_targets]", "repo_target_map = {}", "repo_targets within node_type_map"),
    "initial_comment": ("[submitted_job_comments]", "initial_comment = x", "new_job_instance_repo, build_on_arch"),
}


@pytest.mark.parametrize(("section", "added", "instead"), FORBIDDEN.values(), ids=FORBIDDEN.keys())
def test_a_key_with_which_the_bot_does_not_start_is_named(section: str, added: str, instead: str) -> None:
    text = OLD.replace(section, f"{section}\n{added}")
    (problem,) = refused(text)
    key = added.partition(" ")[0]
    assert problem.startswith(f"app.cfg:{line(text, added)}: {section} {key}: is of an older generation")
    assert f"use {instead}" in problem


WRONG = {
    "JSON": ("bucket_name = {\n", "bucket_name = {,\n", "bucket_name", "is no JSON: "),
    "a percent sign": ("job_name = prod", "job_name = 5%", "job_name", "holds a % that is not written %%"),
    "a name": ("job_name = prod", "job_name = %(x)s", "job_name", "names a key that is not there"),
    "a short name": ("job_name = prod", "job_name = p", "job_name", "should have 3 to 64 characters"),
    "the policy": ("upload_policy = once", "upload_policy = x", "upload_policy", "should be all, latest, once or none"),
    "the protocol": ("= delayed_begin", "= x", "job_handover_protocol", "should be hold_release or delayed_begin"),
    "the level": ("= Chatty", "= loud", "chatlevel", "should be one of incognito"),
    "a number": ("app_id = 123456", "app_id = x", "app_id", "should be a number above 0"),
    "an address": ("= https://s3.example.org:9000", "= s3", "endpoint_url", "is no address"),
    "a placeholder": (
        "`{symlink}`", "`{symlnk}`", "jobdir", "has placeholders that cannot be used here; known are {symlink}"
    ),
    "a node type": ('"cpu_subdir": "x86_64/amd/zen2",', "", "node_type_map", "cpu_zen2 has no cpu_subdir"),
    "an architecture": (
        '"x86_64/amd/zen2"', '"../zen2"', "node_type_map", "cpu_zen2 holds a name that cannot be used"
    ),
    "the map of nodes": ("node_type_map = {", "node_type_map = []\nx = {", "node_type_map", "should be a JSON object"),
    "a quotation in options": ("--constraint 'a|b'", "--constraint 'a|b", "node_type_map", "has a quotation"),
    "arguments": (
        '["SKIP_TESTS=yes", "A.B=1.0"]', '["SKIP_TESTS"]', "allowed_exportvars", "should be a JSON list"
    ),
    "the key of signatures": ('"/home/bot/sign.key"', '"sign.key"', "signing", "should have an absolute path"),
}  # fmt: skip


@pytest.mark.parametrize(("old", "new", "key", "words"), WRONG.values(), ids=WRONG.keys())
def test_a_mistake_is_named_with_section_key_and_line(old: str, new: str, key: str, words: str) -> None:
    assert old in OLD
    text = OLD.replace(old, new, 1)
    (problem,) = refused(text)
    assert problem.startswith(f"app.cfg:{line(text, key)}: [")
    assert f"] {key}: {words}" in problem


def test_all_mistakes_are_named_at_once_in_their_order() -> None:
    text = OLD.replace("= Chatty", "= loud").replace("upload_policy = once", "upload_policy = some")
    assert [problem.partition("] ")[2].partition(":")[0] for problem in refused(text)] == ["chatlevel", "upload_policy"]


def test_what_is_no_ini_file_is_named() -> None:
    assert refused("hello") == ["app.cfg:1: stands before the first [section]"]
    assert refused("[a]\nx = 1\nx = 2\n") == ["app.cfg:3: [a] x: stands there twice"]


def test_a_mistake_in_repos_cfg_is_named() -> None:
    assert refused(OLD, "[r]\nconfig_map = {\n") == ["repos.cfg:2: [r] config_map: is no JSON"]


def test_unknown_keys_are_named_with_their_lines(tmp_path: Path) -> None:
    text = OLD.replace("job_name = prod", "job_name = prod\nsurprise = hunter2") + "[other]\nx = 1\n"
    shown = made(tmp_path, text)[1]
    assert f"[buildenv] surprise (line {line(text, 'surprise')}): nothing that the bot reads" in shown
    assert f"[other] (line {line(text, '[other]')}): nothing that the bot reads" in shown
    assert "hunter2" not in shown


def test_no_password_is_repeated(tmp_path: Path) -> None:
    text = OLD.replace("http://proxy:3128/\njob", "http://u:hunter2@proxy:3128/\njob").replace(
        "/home/bot/eessi-bot-software-layer/scripts/bot-build.slurm", "x.slurm@https://u:hunter2@github.com/o/r"
    )
    builds, shown = made(tmp_path, text)
    assert "hunter2" not in shown
    assert builds.jobs.http_proxy == ""
    assert "build_job_script was a file of a repository" in shown


def test_the_sites_own_upload_script_goes_on(tmp_path: Path) -> None:
    text = OLD.replace("/home/bot/eessi-bot-software-layer/scripts/eessi-upload-to-staging", "/opt/upload.sh")
    unsigned = text.replace(text[text.index("signing =") : text.index("[architecturetargets]")], "")
    deploy = made(tmp_path, unsigned)[0].deploy
    assert (deploy.policy, deploy.kind, str(deploy.script)) == ("once", "script", "/opt/upload.sh")
    builds, shown = made(tmp_path, text)
    assert builds.deploy.policy == "none"
    assert "It was once. The upload script was the site's own (/opt/upload.sh), and signed" in shown


def test_the_command_line(tmp_path: Path) -> None:
    (tmp_path / "app.cfg").write_text(OLD)
    (tmp_path / "repos.cfg").write_text(REPOS)
    run = CliRunner().invoke(
        headgate, ["config", "convert", "eessi", str(tmp_path / "app.cfg"), str(tmp_path / "repos.cfg")]
    )
    assert run.exit_code == 0
    content: dict[str, Any] = tomllib.loads(run.stdout)
    assert content["builds"]["instance"] == "my-bot"
    (tmp_path / "app.cfg").write_text(OLD.replace("= Chatty", "= loud"))
    run = CliRunner().invoke(headgate, ["config", "convert", "eessi", str(tmp_path / "app.cfg")])
    assert run.exit_code == 1
    assert "[bot_control] chatlevel: should be one of" in str(run.exception)
    assert run.stdout == ""


VALUES = st.text(st.characters(codec="utf-8", exclude_characters="\r"), max_size=40)


@given(st.lists(st.tuples(st.sampled_from(OLD.split("\n")), VALUES), max_size=4))
def test_no_app_cfg_is_too_much(changes: list[tuple[str, str]]) -> None:
    text = OLD
    for old, new in changes:
        if old:
            key, equals, _ = old.partition("=")
            text = text.replace(old, f"{key}{equals}{new}", 1)
    try:
        tomllib.loads(convert(text, options=OPTIONS))
    except ConfigError:
        return
