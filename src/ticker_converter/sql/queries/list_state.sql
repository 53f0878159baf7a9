-- How often the watch list, and the calendars by hand, were changed.
-- params: none
-- returns: changes, admitted
SELECT changes, admitted FROM mart.list_state
