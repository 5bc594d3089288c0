"""Values of Headgate's world, and the functions that make them from text and back.

No module here does I/O or imports from another room. Read ``states.py`` first (what a job's state means),
then ``event.py`` (a fact) and ``message.py`` (what is to be said).
"""
