-- What is kept no longer is found without walking whole tables. Deliveries lie in the order in which they came, so that a block index of a
-- few pages is enough; the others are indexed only once they are settled, and cost nothing before.
create index delivery_received on delivery using brin (received_at);
create index failure_closed on failure (closed_at) where closed_at is not null;
create index hold_closed on hold (closed_at) where closed_at is not null;

-- Where a chain of the journal begins once its oldest lines are gone: the last line that was removed.
create table journal_start (
  stream text primary key,
  position bigint not null,
  hash bytea not null
);
