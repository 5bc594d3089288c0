"""Tokens of an OpenID Connect provider, verified: the only thing one gets out is a Unix account's name.

``verifier.py`` decides; ``keys.py`` finds the provider's keys and keeps them. Read ``verifier.py`` first.
"""
