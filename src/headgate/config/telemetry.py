"""Where traces go."""

from __future__ import annotations

import re

from pydantic import Field, SecretStr, field_validator

from headgate.config.section import Fraction, Section

_ENDPOINT = re.compile(r"https?://[^\s/?#@]+(/[^\s?#]*)?")


class TelemetrySettings(Section):
    """Traces for a system that takes OpenTelemetry's, by OTLP over HTTP. Needs `headgate[otel]`."""

    endpoint: str = Field(
        "",
        description="Where an OTLP receiver listens: `http://127.0.0.1:4318`; `/v1/traces` is added. Empty: no traces.",
    )
    service_name: str = Field(
        "headgate", min_length=1, max_length=100, description="The name under which the traces are shown."
    )
    sample: Fraction = Field(1.0, description="Which part of all traces is sent, chosen by their ids: 1 is all.")
    headers: dict[str, SecretStr] = Field(
        default_factory=dict, description="Headers for the receiver, such as one that authenticates."
    )

    @field_validator("endpoint")
    @classmethod
    def _address(cls, endpoint: str) -> str:
        if endpoint and not _ENDPOINT.fullmatch(endpoint):
            raise ValueError("should be http://HOST:PORT or https://HOST, without a user and without a query")
        return endpoint
