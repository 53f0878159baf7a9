-- A call was answered: what was remembered against it, with this key, is over.
-- params: provider, key_id, kind, subject, endpoint
-- returns: none
DELETE FROM landing.refusal
WHERE provider = %(provider)s AND key_id IN ('', %(key_id)s)
    AND (kind = %(kind)s AND subject = %(subject)s OR kind = 'endpoint' AND subject = %(endpoint)s)
