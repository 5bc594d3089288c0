from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.connectors.address import MAX_ADDRESS, AddressRules, check_address
from headgate.errors import RecipientError


@pytest.mark.parametrize(
    ("given_", "used"),
    [
        ("ada@example.org", "ada@example.org"),
        ("Ada.Lovelace+slurm@Example.ORG", "Ada.Lovelace+slurm@example.org"),
        ("o'brien@mail.example.org", "o'brien@mail.example.org"),
        ("ada@localhost", "ada@localhost"),
        ("j\u00f6rg@example.org", "j\u00f6rg@example.org"),
        ("a" * 64 + "@example.org", "a" * 64 + "@example.org"),
    ],
)
def test_an_address_is_taken(given_: str, used: str) -> None:
    assert check_address(given_) == used


@pytest.mark.parametrize(
    "address",
    [
        "",
        "@",
        "ada",
        "ada@",
        "@example.org",
        "-oQ/tmp@example.org",
        "-Hx@example.org",
        "|/bin/sh@example.org",
        "/etc/passwd@example.org",
        "ada@example.org@evil.example",
        "ada%evil.example@example.org",
        "evil!ada@example.org",
        "ada@[127.0.0.1]",
        '"ada lovelace"@example.org',
        "ada lovelace@example.org",
        "ada@exam ple.org",
        "<ada@example.org>",
        "ada@example.org>",
        "ada@example.org,eve@example.org",
        "ada;eve@example.org",
        "ada:eve@example.org",
        "ada(comment)@example.org",
        "ada\\@example.org",
        "ada\r\nRCPT TO:<eve@example.org>@example.org",
        "ada\0@example.org",
        "ada@example.org\n",
        "ada\u202e@example.org",
        "ada\u00a0@example.org",
        "ada\u200b@example.org",
        "ada\ud800@example.org",
        ".ada@example.org",
        "ada.@example.org",
        "ada..lovelace@example.org",
        "ada@-example.org",
        "ada@example-.org",
        "ada@example..org",
        "ada@.example.org",
        "ada@example.org.",
        "ada@exa_mple.org",
        "a" * 65 + "@example.org",
        "ada@" + "a" * 64 + ".org",
        "a@" + ".".join(["a" * 60] * 5),
        "x" * 1_000_000,
    ],
)
def test_what_is_no_plain_address_is_refused_in_a_clean_short_line(address: str) -> None:
    with pytest.raises(RecipientError) as caught:
        check_address(address)
    assert caught.value.message.isprintable()
    assert caught.value.message.isascii()
    assert len(caught.value.message) < 400


@given(st.text(max_size=300))
def test_what_is_taken_can_neither_be_an_option_nor_end_an_smtp_command(text: str) -> None:
    try:
        address = AddressRules(domain="example.org").settle(text)
    except RecipientError:
        return
    assert address[0] not in "-|/"
    assert address.count("@") == 1
    assert not set(address) & set(' \t\r\n\0<>,;:"()[]\\!%')
    assert len(address.encode()) <= MAX_ADDRESS
    assert AddressRules(domain="example.org").settle(address) == address


def test_a_bare_name_gets_the_domain() -> None:
    assert AddressRules(domain="example.org").settle("ada") == "ada@example.org"


def test_a_bare_name_without_a_domain_to_complete_it_is_refused() -> None:
    with pytest.raises(RecipientError, match="no domain"):
        AddressRules().settle("ada")


def test_allowed_addresses_fit_a_pattern_as_a_whole() -> None:
    rules = AddressRules(allow=("*@example.org", "bob@partner.example"))
    assert rules.settle("ada@example.org") == "ada@example.org"
    assert rules.settle("BOB@Partner.Example") == "BOB@partner.example"
    for address in ("ada@example.org.evil.example", "ada@notexample.org", "xbob@partner.example", "ada@exampleXorg"):
        with pytest.raises(RecipientError, match="not among"):
            rules.settle(address)


def test_the_block_list_is_stronger() -> None:
    rules = AddressRules(domain="example.org", allow=("*@example.org",), block=("root@*", "*-bot@example.org"))
    assert rules.settle("ada") == "ada@example.org"
    for target in ("root", "Root@example.org", "ci-bot"):
        with pytest.raises(RecipientError, match="blocked"):
            rules.settle(target)
