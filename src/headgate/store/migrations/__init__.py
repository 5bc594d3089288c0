"""Alembic's room: ``env.py`` runs migrations on the connection it is given; ``versions/`` holds them."""
