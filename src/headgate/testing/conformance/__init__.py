"""What every connector has to do, as tests that any connector can run.

Read ``suite.py`` first: subclass :class:`~headgate.testing.conformance.suite.ConnectorConformance`, say how your
service is played (``service.py``), and run pytest.
"""
