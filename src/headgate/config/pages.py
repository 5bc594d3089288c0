"""Settings of the pages for people: where they are, how people sign in, how long they stay signed in."""

from __future__ import annotations

from pydantic import Field

from headgate.config.section import Seconds, Section
from headgate.model.role import Role


class PagesSettings(Section):
    """The pages for people, below `/ui`, and how they sign in."""

    title: str = Field("Headgate", min_length=1, max_length=60, description="What the pages are headed with.")
    url: str = Field(
        "",
        pattern=r"^(https?://[^ ?#]+[^ ?#/])?$",
        description="Where people find the pages from outside, without `/ui`: `https://headgate.example.org`. Needed "
        "for links in messages and for OpenID Connect. With https, cookies are sent by https only.",
    )
    session_lifetime: Seconds = Field(43_200, description="Seconds for which somebody stays signed in.")
    session_idle: Seconds = Field(7200, description="Seconds without a request after which somebody is signed out.")
    outputs: Role | None = Field(
        None,
        description="Role that sees the output of everybody's jobs; without one only its owner sees a job's output. "
        "It is read as the owner, and who looked is in the audit log.",
    )
