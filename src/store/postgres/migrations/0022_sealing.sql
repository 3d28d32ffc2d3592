-- Keys that seal documents, and the state of the sealing. Without a row in `sealing`, documents are stored as they are.
create table sealing (
  only_row boolean primary key default true check (only_row),
  sealed_at bigint not null default now_ms(),
  -- True while documents from before the sealing are converted; they are read, and no longer written.
  reads_clear boolean not null
);

-- `wrapping` keys wrap the others and the keys of records; `shared` seals documents of no record, `day` the deliveries of a day, `hash` is the root of the keyed hashes.
create table sealing_key (
  id integer primary key generated always as identity,
  kind text not null check (kind in ('wrapping', 'shared', 'day', 'hash')),
  -- Days since 1970-01-01, of a `day` key.
  day integer check ((kind = 'day') = (day is not null)),
  state text not null default 'active' check (state in ('active', 'retiring')),
  wrapped bytea not null,
  -- What wraps it: the id of a master key for a `wrapping` key, else a `wrapping` key.
  master text check ((kind = 'wrapping') = (master is not null)),
  wrapped_by integer check ((kind = 'wrapping') = (wrapped_by is null)),
  created_at bigint not null default now_ms()
);
create unique index sealing_key_active on sealing_key (kind, day) nulls not distinct where state = 'active';

-- Outlives the record as long as the journal has lines about it. Without foreign keys: it is written with every new record.
create table record_key (
  record_id uuid primary key,
  wrapped_by integer not null,
  wrapped bytea not null
);

-- The message of a failure in a sealed schema, where `message` is empty: a system's own words may quote a value.
alter table failure add column message_document bytea;
