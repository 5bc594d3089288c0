"""Messages to Mattermost: posts to channels and people through the API v4, and the bot that answers there.

Read ``connector.py`` first, then ``rendering.py``; ``markup.py`` is what keeps job text from doing anything.
``listener.py`` is the bot. Nothing here retries or throttles.
"""
