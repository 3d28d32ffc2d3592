-- The pass in which it failed: log lines and calls name the same one.
alter table failure add column pass_id text;
