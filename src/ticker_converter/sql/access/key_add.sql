-- Keep a new key's digest.
-- params: key_id, sha256, name, user_id, scopes, expires_at
-- returns: none
INSERT INTO access.api_key (key_id, sha256, name, user_id, scopes, expires_at)
VALUES (%(key_id)s, %(sha256)s, %(name)s, %(user_id)s, %(scopes)s, %(expires_at)s)
