"""Bots: what people may say to Headgate in a chat, and what it answers.

The conversation is the same in every service; how a service is listened to stands beside its connector
(``connectors/NAME/listener.py``). Read ``chat.py`` first: the words between the two. Then ``conversation.py``: how an
answer comes about; ``commands.py`` reads what was said, ``desk.py`` serves people whose account is known, ``keeper.py``
keeps a listener connected. Nothing here knows any service.
"""
