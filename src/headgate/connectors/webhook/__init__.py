"""JSON to HTTP endpoints that the site has configured, signed, for programs that want to know.

Read ``connector.py`` first; ``README.md`` is for the people who set it up and who write the receiving side.
"""
