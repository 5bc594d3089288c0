"""From an event to messages that reach people.

Read ``pipeline.py`` first: the way of a message, stage by stage. What a connector is stands in ``connector.py``; the
connectors themselves are in their own room.
"""
