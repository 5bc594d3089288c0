"""The services people are reached by: one folder each, with its settings, its sending and its rendering.

A connector sends one message once and says how it went; when to send, how often and what to fold is the pipeline's
(``headgate.notify``). Read ``headgate/notify/connector.py`` for what a connector is, then ``registry.py`` here, then
``webhook/`` as the smaller of the two examples. ``README.md`` has the check list for adding one.
"""
