-- Stream one exchange's sessions in.
-- params: none
-- returns: none
COPY pg_temp.stage_session (session, closes_at) FROM STDIN
