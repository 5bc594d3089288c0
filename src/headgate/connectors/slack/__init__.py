"""Slack: messages to people and channels, and the bot that answers them.

Read ``connector.py`` first, then ``rendering.py``; the bot begins in ``listener.py``. What of Slack's documentation
decided is in ``README.md``. Picking who is told, retrying and throttling are not done here.
"""
