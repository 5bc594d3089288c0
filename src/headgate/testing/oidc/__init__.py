"""A real OpenID Connect provider for tests: ``oidc-provider`` from npm, which is certified, on loopback."""
