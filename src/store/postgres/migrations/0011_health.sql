-- Since when a record has had something to do. Existing rows: not known until they are next marked.
alter table record add column dirty_since bigint;
alter table record alter column dirty_since set default now_ms();

-- What was last seen of each place, by whichever process read it.
create table place_health (
  system text not null,
  entity text not null,
  paging text,
  feed boolean,
  read_at bigint,
  read_ms bigint,
  compared_at bigint,
  failures integer not null default 0,
  failing_since bigint,
  failed_at bigint,
  failed_way text,
  failed_code text,
  failed_message text,
  next_at bigint,
  primary key (system, entity)
) with (fillfactor = 50);

create table system_health (
  system text primary key,
  heard_at bigint,
  paused_since bigint,
  paused_until bigint,
  paused_code text
) with (fillfactor = 50);

-- Emptied and filled again to find out whether the database has room to write. Unlogged: what is in it is worth nothing.
create unlogged table write_probe (filler bytea not null);

-- A person has paused the work.
create table pause (
  only_row boolean primary key default true check (only_row),
  actor text not null,
  reason text,
  at bigint not null
);
