-- Put a request back for another try, not before `delay` seconds have passed; the try does not count.
-- params: request_id, worker, attempts, delay
-- returns: none
UPDATE ops.request
SET lease_until = clock_timestamp() + make_interval(secs => %(delay)s), attempts = attempts - 1
WHERE request_id = %(request_id)s AND worker = %(worker)s AND attempts = %(attempts)s AND state = 'running'
