"""A played Google: a token endpoint and Gmail's ``messages.send``, on a loopback port.

Read ``google.py`` first; ``claims.py`` checks what a service account asks for a token with. It needs ``cryptography``,
which google-auth brings.
"""
