from __future__ import annotations

from headgate.actions.catalogue import CATALOGUE
from headgate.actions.wording import parameter_rows, result_rows, result_words
from tests.actions.made import look, paint


def test_parameters_are_told_in_words() -> None:
    assert parameter_rows(paint) == [
        ("walls", "list of text", "required", "Which walls."),
        ("coats", "whole number", "1", "How many coats."),
        ("thick", "true or false", "false", "Whether thickly."),
        ("dilution", "number or null", "", "Part of water."),
        ("extra", "table of whole number", "", "What else."),
        ("helpers", "list of text or null", "", "Who helps."),
        ("password", "text, secret or null", "", "Opens the shed."),
    ]
    assert parameter_rows(look) == [("wall", "text", "north", "Which wall.")]


def test_choices_and_parts_of_results_are_told_in_words() -> None:
    send = CATALOGUE.get("notify.send")
    by_name = {row[0]: row for row in parameter_rows(send)}
    assert by_name["severity"] == ("severity", "one of info, good, warning, bad", "info", "How it is.")
    assert [row[:2] for row in result_rows(send)] == [("event", "text"), ("new", "true or false")]
    assert result_rows(send)[0][3] == "The key of its event in the journal."


def test_results_are_told_in_words() -> None:
    assert result_words(paint) == "table of true or false"
    assert result_words(look) == "text"
