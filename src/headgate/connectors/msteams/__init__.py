"""Microsoft Teams: Adaptive Cards to Workflows webhooks, for channels and, through a flow of the site's, for persons.

Read ``connector.py`` first; ``card.py`` makes a card of a message, ``fitting.py`` makes it small enough, ``markup.py``
makes text of jobs harmless. One way only: Teams gives a webhook nobody to listen to, so there is no bot here.
"""
