"""A real RabbitMQ broker of a test's own (``broker.py``), and a played one that gets into trouble (``played.py``).

Read ``broker.py`` first. ``python -m headgate.testing.rabbitmq`` starts a broker and says where it is.
"""
