"""Slack, played on loopback: the Web API that bots post with, and Socket Mode, both as strict as their documentation.

It refuses what Slack refuses and more: an argument Slack does not name, a text over its limit. It does not show
messages, know threads, or play any method but those in ``arguments.py``. Read ``server.py`` first; by hand:
``python -m headgate.testing.slack``.
"""
