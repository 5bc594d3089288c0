"""An object store of a test's own: moto's S3 in a process of its own, which checks signatures and permissions.

moto is only started as a program, from the test tools' environment of a checkout.
"""
