"""Actions: named operations with typed parameters and a typed result, the same from everywhere.

The command line, the REST API, rules and chats all call ``Actions.run``, which reads the parameters, asks for the
caller's role and writes the audit log. It does not decide when something is done: that is what rules are for. Read
``action.py`` first, then ``registry.py``.
"""
