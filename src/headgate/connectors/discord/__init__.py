"""Messages to Discord channels and people, and the bot that listens there.

Read ``connector.py`` first, then ``rendering.py``. The bot begins in ``listener.py``; what it takes as
said to it stands in ``speech.py``. Job text is made plain in ``markup.py``. There are no slash commands: mentions,
private messages and buttons need no registration.
"""
