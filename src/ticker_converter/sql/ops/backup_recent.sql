-- Whether a backup was finished within so many hours.
-- params: hours
-- returns: recent
SELECT EXISTS (
    SELECT FROM ops.backup
    WHERE finished_at > clock_timestamp() - make_interval(hours => %(hours)s) AND pruned_at IS NULL
)
