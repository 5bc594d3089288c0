"""Rules: when an event matches, do actions.

The language is StackStorm's, read from YAML and TOML files, with a key of our own (``headgate``) for what operators ask
for beyond it. ``rule.py`` has the values, ``files.py`` reads them, ``criteria.py`` and ``operators.py`` match,
``rendering.py`` fills parameters in, ``course.py`` says what an execution does next: all without I/O. ``engine.py``
drives: it reads the journal, writes executions, and runs their steps by way of the action registry. What an action does
is no business of this room. Read ``rule.py`` first.
"""
