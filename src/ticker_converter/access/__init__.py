"""Who may ask for what: users, API keys, tokens, attempts to log in. Nothing here knows of HTTP.

A password, a key and a token are never stored, logged or put into a message: of a password there is an argon2id hash,
of keys and refresh tokens a SHA-256, of names that were tried a digest.
"""
