"""Settings of builds: forges, who may ask, what is built on which nodes, and where it goes."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Final, Literal, Self

from pydantic import AfterValidator, Field, SecretStr, ValidationInfo, field_validator, model_validator

from headgate.config.build_values import (
    Expression,
    Expressions,
    Instance,
    Permitted,
    RepositoryIds,
    Target,
    check_names,
    check_placeholders,
    check_repositories,
)
from headgate.config.section import AbsolutePath, Count, CountOrZero, Number, Seconds, SecondsOrZero, Section

_PLACEHOLDER: Final = re.compile(r"\{(\w+)\}")
_NEEDED: Final = {
    "command_response": ("{comment_response}", "{comment_result}"),
    "new_job_instance_repo": ("{app_name}", "{repo_id}"),
    "jobdir": ("{symlink}",),
}
"""Without these nobody would see an answer, or a job's comment could not be found again."""
Chat = Literal["incognito", "minimal", "basic", "chatty"]


class PermissionSettings(Section):
    """Who may ask for what: logins, `team:ORGANISATION/NAME`, and `author`, who wrote the pull request."""

    command: Permitted = Field((), description="Who may give commands at all. Nobody, if empty.")
    build: Permitted = Field((), description="Who may have builds made. Nobody, if empty.")
    deploy: Permitted = Field((), description="Who may have builds deployed. Nobody, if empty.")
    cancel: Permitted = Field(
        (), description="Who may cancel the jobs of others; everybody may cancel those they asked for themselves."
    )


class GitHubSettings(Section):
    """One GitHub App: `[builds.forges.NAME]` with `kind = "github"`."""

    kind: Literal["github"] = Field(description="Which kind of forge this is.")
    url: str = Field(
        "https://github.com",
        pattern=r"^https?://[^ ?#]+$",
        description="Where it is: GitHub itself, or a GitHub Enterprise Server.",
    )
    api_url: str = Field(
        "",
        pattern=r"^(https?://[^ ?#]+)?$",
        description="Its REST API; if not given, `https://api.github.com`, or `/api/v3` below `url`.",
    )
    app_id: Count = Field(description="The App's number.")
    private_key: AbsolutePath = Field(description="File with the App's private key (PEM).")
    webhook_secret: SecretStr = Field(min_length=1, description="The secret webhooks are signed with.")
    sha1: bool = Field(False, description="Whether webhooks signed by SHA-1 alone are accepted.")
    relay: SecretStr | None = Field(
        None,
        description="Address of a channel of a smee-like relay (server-sent events), where webhooks cannot reach us.",
    )
    catch_up: Seconds = Field(300, description="Seconds between two looks for what webhooks did not tell.")
    timeout: Seconds = Field(30, description="Seconds an answer may take.")
    ca_file: AbsolutePath | None = Field(None, description="Authorities that sign its certificate.")


class GitLabSettings(Section):
    """One GitLab: `[builds.forges.NAME]` with `kind = "gitlab"`."""

    kind: Literal["gitlab"] = Field(description="Which kind of forge this is.")
    url: str = Field("https://gitlab.com", pattern=r"^https?://[^ ?#]+$", description="Where it is.")
    token: SecretStr = Field(min_length=1, description="An access token of a project or group, with `api` scope.")
    webhook_secret: SecretStr = Field(min_length=1, description="The secret token webhooks carry.")
    projects: tuple[str, ...] = Field((), description="Projects (`GROUP/NAME`) that are looked at to catch up.")
    catch_up: Seconds = Field(300, description="Seconds between two looks for what webhooks did not tell.")
    timeout: Seconds = Field(30, description="Seconds an answer may take.")
    ca_file: AbsolutePath | None = Field(None, description="Authorities that sign its certificate.")


ForgeSettings = Annotated[GitHubSettings | GitLabSettings, Field(discriminator="kind")]


class TargetSettings(Section):
    """A kind of node: `[builds.targets.NAME]`."""

    os: str = Field("linux", min_length=1, description="Its operating system.")
    architecture: Target = Field(min_length=1, description="Its processors, as in `x86_64/amd/zen2`.")
    accelerator: Target = Field("", description="Its accelerators, as in `nvidia/cc80`.")
    slurm_options: tuple[str, ...] = Field((), description="Options for sbatch, one text each.")
    cluster: str = Field(
        "", description="Name in `[clusters]` of the cluster it is in; that of `[builds.jobs]` if empty."
    )
    repositories: RepositoryIds = Field(min_length=1, description="What is built on it: names in `repos.cfg`.")


class AllowedArgument(Section):
    """A variable that commands may set for a job. Both are regular expressions for the whole text."""

    name: Expression = Field(min_length=1, description="The variable's name.")
    value: Expression = Field(min_length=1, description="Its value.")


class BuildTexts(Section):
    """What the bot says, with the predecessor's placeholders in braces."""

    command_response: str = Field(
        "<details><summary>Updates by the bot instance <code>{app_name}</code> _(click for details)_</summary>\n\n"
        "{comment_response}\n{comment_result}\n</details>",
        description="The answer to commands: `{app_name}`, `{comment_response}`, `{comment_result}`.",
    )
    no_build_permission: str = Field(
        "Account `{build_labeler}` has no permission to have builds made.",
        description="When somebody may not build: `{build_labeler}`.",
    )
    no_deploy_permission: str = Field(
        "Account `{deploy_labeler}` has no permission to deploy.",
        description="When somebody may not deploy: `{deploy_labeler}`.",
    )
    awaits_release_hold_release: str = Field(
        "job id `{job_id}` awaits release by job manager", description="A held job: `{job_id}`."
    )
    awaits_release_delayed_begin: str = Field(
        "job id `{job_id}` will be eligible to start in about {delay_seconds} seconds",
        description="A delayed job: `{job_id}`, `{delay_seconds}`.",
    )
    new_job_instance_repo: str = Field(
        "New job on instance `{app_name}` for repository `{repo_id}`", description="`{app_name}`, `{repo_id}`."
    )
    build_on_arch: str = Field("Building on: `{on_arch}`{on_accelerator}", description="`{on_arch}{on_accelerator}`.")
    build_for_arch: str = Field(
        "Building for: `{for_arch}`{for_accelerator}", description="`{for_arch}{for_accelerator}`."
    )
    jobdir: str = Field("Job dir: `{symlink}`", description="`{symlink}`.")
    commit_sha: str = Field("Commit SHA: `{commit_sha}`", description="`{commit_sha}`.")
    with_accelerator: str = Field("&nbsp;and accelerator `{accelerator}`", description="`{accelerator}`.")
    awaits_launch: str = Field("job awaits launch by Slurm scheduler{extra_info}", description="`{extra_info}`.")
    running_job: str = Field("job `{job_id}` is running", description="`{job_id}`.")
    job_result_unknown: str = Field(
        "<details><summary>:shrug: UNKNOWN _(click triangle for details)_</summary><ul><li>Job results file "
        "`{filename}` does not exist in job directory, or parsing it failed.</li></ul></details>",
        description="`{filename}`.",
    )
    job_test_unknown: str = Field(
        "<details><summary>:shrug: UNKNOWN _(click triangle for details)_</summary><ul><li>Job test file "
        "`{filename}` does not exist in job directory, or parsing it failed.</li></ul></details>",
        description="`{filename}`.",
    )
    moved_job_dirs: str = Field(
        "PR closed! Moved `{job_dirs}` to `{trash_bin_dir}`", description="`{job_dirs}`, `{trash_bin_dir}`."
    )

    @field_validator("*")
    @classmethod
    def _known_placeholders(cls, text: str, info: ValidationInfo) -> str:
        """Refuse what would stand in comments as it is written; what each text may hold, its description says."""
        described = cls.model_fields[info.field_name or ""].description or ""
        check_placeholders(text, frozenset(_PLACEHOLDER.findall(described)))
        needed = _NEEDED.get(info.field_name or "", ())
        if any(one not in text for one in needed):
            raise ValueError(f"needs {' and '.join(needed)}")
        return text


PREFIX_VARIABLES: Final = ("github_repository", "legacy_aws_path", "pull_request_number")
"""What the prefixes of objects' names may hold, as ``${NAME}`` or ``$NAME``."""
PREFIX_VARIABLE: Final = re.compile(r"\$(?:\{(\w+)\}|(\w+))")


def _prefix(given: str | dict[str, str]) -> str | dict[str, str]:
    for prefix in given.values() if isinstance(given, dict) else (given,):
        rest = PREFIX_VARIABLE.sub(lambda found: "" if (found[1] or found[2]) in PREFIX_VARIABLES else "$", prefix)
        if "$" in rest:
            raise ValueError("has a variable that is unknown; there are " + ", ".join(PREFIX_VARIABLES))
        if not re.fullmatch(r"[A-Za-z0-9._+=@/-]*", rest) or any(part in (".", "..") for part in rest.split("/")):
            raise ValueError("should be made of letters, digits and ._+=@-, with / between, and no . or .. alone")
    return given


def _pattern(given: str) -> str:
    try:
        re.compile(given)
    except re.error as error:
        raise ValueError(f"is no regular expression: {error}") from None
    return given


Prefix = Annotated[str | dict[str, str], AfterValidator(_prefix)]
"""What stands before the names of objects, or one for each repository."""


class SigningSettings(Section):
    """How artefacts are signed: by `ssh-keygen -Y sign`."""

    key: AbsolutePath = Field(description="File with the private key. No job may be able to read it.")
    namespace: str = Field("", max_length=64, description="The signatures' namespace; the instance's name if empty.")
    script: AbsolutePath | None = Field(
        None, description='The site\'s signing script, handed to its upload script, with `kind = "script"`.'
    )


class DeploySettings(Section):
    """Where what was built goes."""

    policy: Literal["all", "latest", "once", "none"] = Field(
        "none", description="Which artefacts: `all`, the `latest` of each, each `once`, or `none`."
    )
    kind: Literal["s3", "directory", "script"] = Field("s3", description="How: object store, directory, own script.")
    endpoint_url: str = Field("", pattern=r"^(https?://[^ ?#@]+)?$", description="The object store, if it is not AWS.")
    region: str = Field("us-east-1", pattern=r"^[a-z0-9-]{1,64}$", description="The object store's region.")
    ca_file: AbsolutePath | None = Field(None, description="Authorities that sign the object store's certificate.")
    bucket: str | dict[str, str] = Field("", description="The bucket, or one for each name in `repos.cfg`.")
    artefact_prefix: Prefix = Field(
        "",
        description="Before artefacts' names; may hold `${github_repository}`, `${legacy_aws_path}`, "
        "`${pull_request_number}`. `${legacy_aws_path}` if empty.",
    )
    metadata_prefix: Prefix = Field("", description="The same before the names of metadata.")
    metadata_hostname: str = Field(
        "", max_length=255, description="The host's name that metadata tell everybody; none if empty."
    )
    metadata_ip: str = Field("", max_length=64, description="The same for the host's address.")
    credentials: AbsolutePath | None = Field(
        None, description="File with credentials, as AWS's tools read it; what is in `[default]` counts."
    )
    directory: AbsolutePath | None = Field(None, description='Where artefacts are put, with `kind = "directory"`.')
    script: AbsolutePath | None = Field(None, description='The site\'s upload script, with `kind = "script"`.')
    script_timeout: Seconds = Field(3600, description="Seconds the script may take.")
    script_environment: tuple[str, ...] = Field(
        (), description="Names of variables of Headgate's that the script may see, beside the usual ones."
    )
    signing: dict[str, SigningSettings] = Field(default_factory=dict, description="For each name in `repos.cfg`.")
    artefact_pattern: Annotated[str, AfterValidator(_pattern)] = Field(
        r"[A-Za-z0-9][A-Za-z0-9._+-]{0,199}\.tar\.(gz|zst)",
        min_length=1,
        description="Regular expression an artefact's whole name has to match.",
    )
    max_bytes: Count = Field(50 * 1024**3, description="Bytes an artefact may have.")
    attempts: Count = Field(5, description="Attempts to upload one file.")
    overwrite: bool = Field(
        False,
        description="Whether an artefact may replace another of its name, unseen. "
        "Credentials that may write and not read need it.",
    )
    spool: AbsolutePath = Field(
        Path("/var/lib/headgate/deploy"),
        description="Directory for copies of artefacts while they are signed and uploaded, Headgate's own.",
    )
    untested: bool = Field(False, description="Whether artefacts go that did not pass their tests.")
    outdated: bool = Field(False, description="Whether artefacts go that were built of a commit that was replaced.")

    @model_validator(mode="after")
    def _complete(self) -> Self:
        """Refuse what could only fail when something is deployed."""
        if self.policy == "none":
            return self
        needed = {"s3": self.bucket, "directory": self.directory, "script": self.script}
        if not needed[self.kind]:
            name = "bucket" if self.kind == "s3" else self.kind
            raise ValueError(f'kind = "{self.kind}" needs {name}')
        if self.kind == "script" and any(signing.script is None for signing in self.signing.values()):
            raise ValueError('kind = "script" needs a script in each table of signing: the upload script signs')
        return self


class BuildJobSettings(Section):
    """How jobs are submitted and looked after."""

    user: str = Field("", max_length=64, description="Unix account the jobs run as. It must not be Headgate's own.")
    cluster: str = Field(
        "", description="Name in `[clusters]` of the cluster for targets that name none; that of `[slurm]` if empty."
    )
    directory: AbsolutePath | None = Field(
        None,
        description="Directory of job directories, on all clusters. The build account must be able to write there.",
    )
    trash: AbsolutePath | None = Field(None, description="Where job directories go when a pull request is closed.")
    trash_days: CountOrZero = Field(30, description="Days they are kept there; 0 keeps them for ever.")
    mirrors: AbsolutePath = Field(
        Path("/var/lib/headgate/mirrors"),
        description="Directory for copies of the repositories, Headgate's own.",
    )
    script: AbsolutePath | None = Field(None, description="The batch script of jobs, in place of the one shipped.")
    name: str = Field("headgate-build", min_length=3, max_length=64, description="The jobs' name in Slurm.")
    handover: Literal["hold_release", "delayed_begin"] = Field(
        "hold_release", description="Whether jobs are submitted held and released, or to begin a little later."
    )
    begin_delay: Seconds = Field(120, description="Seconds after which they begin, with `delayed_begin`.")
    slurm_options: tuple[str, ...] = Field((), description="Options for sbatch of every job, one text each.")
    time: str = Field("24:00:00", min_length=1, description="Time limit of jobs whose options set none.")
    environment: tuple[str, ...] = Field((), description="Names of variables of Headgate's that jobs may see.")
    pinned: Literal["diff", "merge"] = Field(
        "diff", description="What is built: the base with the pull request's difference, or the merge of both."
    )
    clone_timeout: Seconds = Field(900, description="Seconds a fetch may take.")
    pending_after: SecondsOrZero = Field(
        3600, description="Seconds after which the reason for waiting is told; 0: never."
    )
    log_lines: CountOrZero = Field(40, description="Lines of the log shown with a failure; 0 for none.")
    cancel_on_close: bool = Field(False, description="Whether jobs are cancelled when the pull request is closed.")
    cancel_superseded: bool = Field(False, description="Whether jobs are cancelled when a newer commit is pushed.")
    max_jobs: Count = Field(50, description="Jobs one command may make.")
    keep_days: CountOrZero = Field(
        365,
        description="Days for which builds that are over are remembered, and can be deployed; 0 keeps them for ever.",
    )
    shared_fs_path: str = Field("", description="Written to `cfg/job.cfg`.")
    build_logs_dir: str = Field("", description="Written to `cfg/job.cfg`.")
    container_cachedir: str = Field("", description="Written to `cfg/job.cfg`.")
    http_proxy: str = Field("", description="Written to `cfg/job.cfg`.")
    https_proxy: str = Field("", description="Written to `cfg/job.cfg`.")
    load_modules: str = Field("", description="Written to `cfg/job.cfg`.")
    local_tmp: str = Field("", description="Written to `cfg/job.cfg`; may hold variables.")
    site_config_script: str = Field("", description="Written to `cfg/job.cfg`; sourced by the job if it can be read.")


class BuildSettings(Section):
    """Builds: pull requests are built, tested and deployed on the cluster by commands in their comments."""

    instance: Instance = Field(
        "headgate", min_length=1, max_length=64, description="This bot's name in comments and in `instance:` filters."
    )
    chat: Chat = Field("basic", description="How much the bot says beyond answers.")
    forges: dict[str, ForgeSettings] = Field(
        default_factory=dict, description="Where pull requests are, `[builds.forges.NAME]` each. None: no builds."
    )
    permissions: PermissionSettings = Field(
        default_factory=PermissionSettings, description="Who may ask for what, where a repository says nothing else."
    )
    repositories: dict[str, PermissionSettings] = Field(
        default_factory=dict,
        description='Who may ask for what in one repository, `[builds.repositories."OWNER/NAME"]`.',
    )
    targets: dict[str, TargetSettings] = Field(default_factory=dict, description="The kinds of node.")
    repos_dir: AbsolutePath | None = Field(None, description="Directory with `repos.cfg` and its bundles.")
    job_arguments: tuple[AllowedArgument, ...] = Field((), description="What `jobargs:` may set.")
    submit_arguments: Expressions = Field(
        (), description="What `submitargs:` may hold: regular expressions for a whole option."
    )
    jobs: BuildJobSettings = Field(default_factory=BuildJobSettings, description="How jobs are made.")
    deploy: DeploySettings = Field(default_factory=DeploySettings, description="Where what was built goes.")
    texts: BuildTexts = Field(default_factory=BuildTexts, description="What the bot says.")
    commit_states: bool = Field(False, description="Whether builds show beside commits. Takes a permission more.")
    concurrency: Annotated[int, Number, Field(ge=1, le=64)] = Field(4, description="Commands worked on at a time.")

    @field_validator("forges", "targets")
    @classmethod
    def _names(cls, tables: dict[str, Section], info: ValidationInfo) -> dict[str, Section]:
        check_names((info.field_name or "").removesuffix("s"), tables)
        return tables

    @field_validator("repositories")
    @classmethod
    def _repositories(cls, tables: dict[str, Section], info: ValidationInfo) -> dict[str, Section]:
        check_repositories(tables, info.data.get("forges", {}))
        return tables
