"""The store: everything Headgate must not forget, in SQLite or PostgreSQL, behind one interface.

``store.py`` opens a store and runs pieces of work in transactions; ``tables.py`` says what is kept. The other modules
are the queries, each a plain function of a connection, so that several can share one transaction. This room decides
nothing about messages or jobs.
"""
