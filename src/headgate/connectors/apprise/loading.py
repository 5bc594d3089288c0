"""Loading Apprise's services, which it does by itself at the first address it is shown."""

from __future__ import annotations

import functools
import warnings

import apprise


@functools.cache
def load_services() -> None:
    """Have Apprise load its services now: a second or two, once in a process.

    They load libraries of which some are behind their time, and say so; nobody here can do anything about it.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        apprise.Apprise.instantiate("json://localhost")
