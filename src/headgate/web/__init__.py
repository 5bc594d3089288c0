"""HTTP: for now health, readiness and metrics, on loopback. ``app.py`` has it all."""
