"""Matrix for tests: a real Synapse of one's own, people who use it, and a strict fake that can be told to misbehave.

``SynapseServer`` (``synapse.py``) is the real thing and is preferred; read it first. ``FakeHomeserver`` (``fake.py``)
plays the few calls of the connector for the troubles that a healthy server does not have.
"""
