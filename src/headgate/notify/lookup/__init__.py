"""Who is behind a Unix name in a chat service or by mail: GECOS, LDAP, a program, a table, asked in the site's order.

It does not know the links that users make themselves: those stand in the store and are resolved there. Read
``chain.py`` first.
"""
