"""Settings of an OpenID Connect provider: how its tokens are verified, and whose account they stand for."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import Field, field_validator

from headgate.config.section import AbsolutePath, Number, Seconds, Section


class OidcProviderSettings(Section):
    """An OpenID Connect provider, for whatever its tokens are."""

    issuer: str = Field(
        pattern=r"^https?://[^ ?#]+$",
        description="The provider's issuer, exactly as its tokens name it; keys are found by discovery.",
    )
    claim: str = Field("preferred_username", description="The claim that says who somebody is.")
    pattern: str = Field(
        r"([a-z_][a-z0-9_-]{0,31})",
        description="Regular expression the claim has to match as a whole; its first group is the Unix account.",
    )
    users: dict[str, str] = Field(
        default_factory=dict, description="Claim -> Unix account, for those whose claim is not their account."
    )
    groups_claim: str = Field(
        "groups", min_length=1, description="The claim that names somebody's groups, for `[roles]`: a list of texts."
    )
    algorithms: tuple[Literal["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA"], ...] = (
        Field(("RS256", "PS256", "ES256", "EdDSA"), min_length=1, description="Signatures that are accepted.")
    )
    leeway: Annotated[float, Number, Field(ge=0, le=300)] = Field(
        30, description="Seconds by which clocks may differ when `exp` and `nbf` are looked at."
    )
    keys_lifetime: Seconds = Field(3600, description="Seconds for which the provider's keys are kept.")
    keys_grace: Seconds = Field(
        86_400, description="Seconds for which they go on working after that, when the provider does not answer."
    )
    keys_pause: Seconds = Field(
        30, description="Seconds that lie between two fetches of the keys at least, when a token names an unknown one."
    )
    ca_file: AbsolutePath | None = Field(None, description="Authorities that sign the provider's certificate.")
    timeout: Seconds = Field(10, description="Seconds the provider has for an answer.")

    def meant_for(self) -> str:
        """Return what ``aud`` of a token has to hold: who we are at the provider."""
        raise NotImplementedError

    @field_validator("pattern")
    @classmethod
    def _an_expression(cls, pattern: str) -> str:
        try:
            re.compile(pattern)
        except (re.error, OverflowError, RecursionError) as error:
            raise ValueError(f"should be a regular expression: {error}") from error
        return pattern
