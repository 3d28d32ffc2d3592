-- Who did and saw what through the admin API and the command line. Its lines are chained like those of the journal. Nothing here is updated or deleted,
-- so that the role of the service needs no more than insert and select.
create table audit (
  seq bigint generated always as identity primary key,
  stream text not null,
  position bigint not null,
  at bigint not null,
  kind text not null,
  record_id uuid,
  actor text not null,
  body bytea not null,
  previous_hash bytea not null,
  hash bytea not null
);
-- When the ends of all streams were last stored elsewhere.
create table anchor (
  only_row boolean primary key default true check (only_row),
  at bigint not null
);
