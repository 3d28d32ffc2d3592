-- State of the rate limits that the processes of an integration keep together. Unlogged: after a crash of the server a burst more may
-- leave than should, which the other side answers with "later"; a write-ahead entry for every request would cost more than that.
create unlogged table rate_bucket (
  key text primary key,
  due_at double precision not null default 0,
  paused_until double precision not null default 0
);
