-- What was found out for a create that waits: that its system had no counterpart for these match keys up to a time, and which candidates have
-- to be read first. Text, since nothing here looks into it; null where no create waits.
alter table member add column evidence text;
