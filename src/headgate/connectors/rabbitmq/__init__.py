"""JSON to queues and exchanges of a RabbitMQ broker, confirmed by the broker, for programs that want to know.

Read ``connector.py`` first; ``README.md`` is for the people who set it up and who write the receiving side.
"""
