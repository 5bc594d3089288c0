"""Settings of the pages for people: where they are, how people sign in, how long they stay signed in."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network
from typing import Annotated, Final, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, StringConstraints, model_validator

from headgate.config.oidc import OidcProviderSettings
from headgate.config.roles import People
from headgate.config.section import Count, Number, Seconds, Section
from headgate.model.role import Role

_OPENID: Final = "openid"
_Scope = Annotated[str, StringConstraints(pattern=r"^[\x21\x23-\x5b\x5d-\x7e]{1,100}$")]


class PagesOidcSettings(OidcProviderSettings):
    """Signing in to the pages at an OpenID Connect provider."""

    client_id: str = Field(min_length=1, description="Who Headgate is at the provider.")
    client_secret: SecretStr | None = Field(
        None, min_length=1, description="Its secret there; none for a public client, which has PKCE alone."
    )
    scopes: tuple[_Scope, ...] = Field(
        ("openid", "profile", "email"), description="What the provider is asked for; `openid` has to be among them."
    )
    name: str = Field("your organisation", min_length=1, max_length=60, description="What people call the provider.")

    def meant_for(self) -> str:
        """Return what ``aud`` of a token has to hold."""
        return self.client_id

    @model_validator(mode="after")
    def _asks_for_identity(self) -> Self:
        if _OPENID not in self.scopes:
            raise ValueError("scopes should hold openid")
        return self


class PagesProxySettings(Section):
    """A reverse proxy that has people sign in, and names them in a header."""

    header: str = Field(
        "X-Remote-User",
        pattern=r"^[A-Za-z][A-Za-z0-9-]{0,63}$",
        description="The header that names the Unix account. The proxy has to remove it from what browsers send.",
    )
    addresses: tuple[IPv4Network | IPv6Network, ...] = Field(
        min_length=1, description="Addresses from which the proxy connects; the header is ignored from anywhere else."
    )


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
    links: bool = Field(True, description="Whether `headgate login` gives out links to sign in with.")
    link_lifetime: Annotated[float, Number, Field(ge=30, le=3600)] = Field(
        120, description="Seconds for which a link of `headgate login` is good."
    )
    wrong_sign_ins: Count = Field(
        20, description="Failed sign-ins taken from one address within `wrong_sign_ins_period` before it has to wait."
    )
    wrong_sign_ins_period: Seconds = Field(300, description="Seconds for which failed sign-ins are counted.")
    oidc: PagesOidcSettings | None = Field(None, description="Signing in at an OpenID Connect provider.")
    proxy: PagesProxySettings | None = Field(None, description="Signing in at a reverse proxy.")
    allowed: People = Field(
        default_factory=People,
        description="Who may sign in. Without any, everybody who proves to have an account; without a role, they see "
        "what is their own.",
    )

    @property
    def secure(self) -> bool:
        """Whether the pages come by https."""
        return self.url.startswith("https:")

    @model_validator(mode="after")
    def _an_address_to_come_back_to(self) -> Self:
        if self.oidc is not None and not self.url:
            raise ValueError("oidc needs url: where the provider sends people back to")
        if urlsplit(self.url).path:
            raise ValueError("url should hold no path: the pages are at /ui of their host")
        return self
