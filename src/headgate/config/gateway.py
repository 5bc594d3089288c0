"""Settings of the job gateway: where submissions live, what they may use, who may ask."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Self

from pydantic import Field, field_validator, model_validator

from headgate.config.oidc import OidcProviderSettings
from headgate.config.section import AbsolutePath, Count, CountOrZero, Seconds, Section

_KIB = 1024
_MIB = 1024 * _KIB
_GIB = 1024 * _MIB


class OidcSettings(OidcProviderSettings):
    """Tokens of an OpenID Connect provider, in place of an app's token and a `User` header."""

    audience: str = Field(min_length=1, description="What `aud` of a token has to hold: this gateway's name there.")
    app: str = Field(
        min_length=1, description="Name of the app whose rules and limits hold for those who come with a token."
    )

    def meant_for(self) -> str:
        """Return what ``aud`` of a token has to hold."""
        return self.audience


class TaskType(Section):
    """One kind of task of the slurm-proxy routes, `[gateway.tasks.NAME]`."""

    description: str = Field("", description="What it does, for people.")
    cmd: str | None = Field(
        None, description="The program it runs. Without it, the task names one itself (`cmd`), as `generic` does."
    )
    default_params: tuple[str, ...] = Field((), description="Arguments that come before the task's own.")
    notify: tuple[str, ...] = Field(
        (), description="Who is told of the end of each such task, beside whom it names: `connector:target`."
    )


class GatewayLimits(Section):
    """What any app may use at most; an app's own limits may only be lower."""

    body: Count = Field(1 * _MIB, description="Bytes of a request's JSON body.")
    script: Count = Field(4 * _MIB, description="Bytes of a batch script.")
    upload: Count = Field(16 * _GIB, description="Bytes of one file, or of one archive as it is sent.")
    concurrent_transfers: Count = Field(64, description="Uploads and downloads at a time.")
    followers: Count = Field(1000, description="Streams of events and outputs that are followed at a time.")
    hooks: Count = Field(20, description="Webhooks of one app.")
    page: Count = Field(500, description="Entries of one page of a list.")
    list_without_page: Count = Field(
        10_000, description="Jobs in an answer to Slurmer's `GET /apps/{appId}/jobs`, which has no pages of its own."
    )


class GatewaySettings(Section):
    """The job gateway: programs submit, watch, stop and fetch jobs as the jobs' owners."""

    directory: str = Field(
        "~/headgate",
        pattern=r"^(~|/)[^\x00-\x1f]*$",
        description="Directory of a user's submissions: `~` is the user's home, `%u` their name. It has to lie below "
        "one of the executor's roots, and is made as the user.",
    )
    templates: AbsolutePath | None = Field(
        None,
        description="Directory of job templates: `NAME.j2` and, beside it, `NAME.json` that describes its parameters; "
        "a subdirectory with an app's name holds that app's own.",
    )
    limits: GatewayLimits = Field(default_factory=GatewayLimits, description="What any app may use at most.")
    oidc: OidcSettings | None = Field(None, description="Tokens of an OpenID Connect provider.")
    tasks: dict[str, TaskType] = Field(
        default_factory=dict,
        description="Kinds of task of the slurm-proxy routes, `[gateway.tasks.NAME]` each; `generic` and "
        "`echo_hello_world` are there unless they are set.",
    )
    tasks_open_to: tuple[IPv4Network | IPv6Network, ...] = Field(
        (),
        description="Addresses from which the slurm-proxy routes are open without an app's token, such as "
        "`127.0.0.1/32`; who comes from there acts as `tasks_app`.",
    )
    tasks_app: str = Field("", description="Name of the app whose rules hold for those who come without a token.")
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...] = Field(
        (), description="Addresses of reverse proxies whose `X-Forwarded-For` is believed."
    )
    wrong_tokens: Count = Field(
        20, description="Wrong tokens taken from one address within `wrong_tokens_period` before it has to wait."
    )
    wrong_tokens_period: Seconds = Field(300, description="Seconds for which wrong tokens are counted.")
    submit_again_after: Seconds = Field(
        30,
        description="Seconds after which a submission whose outcome was lost is looked for in Slurm.",
    )
    keep_days: CountOrZero = Field(
        365,
        description="Days for which a job that is over is remembered after it was deleted; 0 keeps it for ever.",
    )
    hook_ca_file: AbsolutePath | None = Field(None, description="Authorities that sign certificates of webhooks.")
    hook_hosts: tuple[str, ...] = Field(
        (),
        description="Hosts that webhooks of apps may name, such as `portal.example.org` or `*.example.org`. Without "
        "any, apps can register none.",
    )

    @field_validator("directory")
    @classmethod
    def _plain(cls, directory: str) -> str:
        if any(part in ("..", ".") for part in Path(directory).parts):
            raise ValueError("should hold no . and no ..")
        return directory.rstrip("/") or "/"

    @model_validator(mode="after")
    def _open_to_an_app(self) -> Self:
        if self.tasks_open_to and not self.tasks_app:
            raise ValueError("tasks_open_to needs tasks_app: whose rules hold for those who come without a token")
        return self
