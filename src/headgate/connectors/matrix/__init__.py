"""Messages to Matrix rooms, and a bot that listens there. End-to-end encrypted rooms are refused, never written to.

Read ``connector.py`` first, then ``rooms.py`` (whether a room may be written to) and ``rendering.py`` (the form). The
bot begins in ``listener.py``. ``README.md`` is for the people who set it up.
"""
