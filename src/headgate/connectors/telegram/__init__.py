"""Messages to Telegram: texts sent by a bot through the Bot API, and the bot that answers there.

Read ``connector.py`` first, then ``rendering.py``; ``markup.py`` is what keeps job text from doing anything.
``listener.py`` is the bot. Nothing here retries or throttles.
"""
