"""The journal and the sources that write to it.

Read ``journal.py`` first. ``sources/`` observes: the mail hand-off and the watcher. This room never tells anybody
anything: what follows from an event is given to the journal as a follower.
"""
