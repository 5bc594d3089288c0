"""The settings of an Apprise connector."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, SecretStr, StringConstraints, field_validator

from headgate.config.connector import ConnectorSettings
from headgate.config.section import Section
from headgate.connectors.kind import AbsolutePath

_TargetName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")]


class AppriseTarget(Section):
    """One ``[connectors.NAME.targets.TARGET]`` table: where messages to ``NAME:TARGET`` go."""

    url: SecretStr = Field(description="Address as Apprise writes it, such as `ntfy://topic`. Kept secret.")

    @field_validator("url")
    @classmethod
    def _is_one_address(cls, value: SecretStr) -> SecretStr:
        text = value.get_secret_value()
        scheme, mark, rest = text.partition("://")
        if not mark or not rest or not scheme.isalnum() or not text.isprintable() or " " in text:
            raise ValueError("should be one address of the form service://…")
        return value


class AppriseSettings(ConnectorSettings):
    """One ``[connectors.NAME]`` table of kind ``apprise``."""

    kind: Literal["apprise"] = Field(default="apprise", description="The services that Apprise knows.")
    targets: dict[_TargetName, AppriseTarget] = Field(
        min_length=1, description="Where messages go: a table each. Its name is the target; jobs cannot name addresses."
    )
    templates: AbsolutePath | None = Field(
        default=None,
        description="Directory of the site's own templates for this connector, such as `failed.j2` or `message.j2`.",
    )
    ca_file: AbsolutePath | None = Field(
        default=None, description="Certificate authorities to check services by, in place of Apprise's own."
    )
