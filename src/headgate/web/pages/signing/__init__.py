"""Signing in to the pages, and out: by a link of ``headgate login``, an OpenID Connect provider, or a proxy.

``routes.py`` is the one to read. Whoever is in has a session in the store, which ``visitor.py`` looks up
for every request.
"""
