"""An HTTP server for tests: it keeps the requests it gets, and answers by a script, also with what is no HTTP at all.

It is written on plain sockets so that nothing stands between the script and the wire. Read ``sink.py``.
"""
