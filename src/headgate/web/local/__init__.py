"""The local socket: what users of this host ask and set about themselves, over HTTP on a Unix socket.

Who asks is what the kernel says of the other end (``peer.py``); there is no password and no token. ``routes.py`` is
the one to read: every route is about the asker and nobody else. ``headgate me`` is its client.
"""
