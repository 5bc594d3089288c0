"""What people write to the bot, read into commands.

``parse`` reads a comment; ``lines.py`` says which of its lines are meant, ``arguments.py`` reads what stands behind a
command's name, ``matching.py`` says what a filter matches. Pure; nothing here raises for anything a comment may hold.
"""

from headgate.builds.grammar.commands import (
    Build,
    Cancel,
    Command,
    Deploy,
    Filter,
    Help,
    Line,
    Misspelt,
    Retry,
    ShowConfig,
    Status,
)
from headgate.builds.grammar.lines import is_addressed
from headgate.builds.grammar.matching import matches
from headgate.builds.grammar.parse import parse

__all__ = [
    "Build",
    "Cancel",
    "Command",
    "Deploy",
    "Filter",
    "Help",
    "Line",
    "Misspelt",
    "Retry",
    "ShowConfig",
    "Status",
    "is_addressed",
    "matches",
    "parse",
]
