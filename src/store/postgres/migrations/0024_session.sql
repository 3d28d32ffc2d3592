-- Sessions of people at the admin API. Only the hash of a session's id is stored.
create table session (
  id bigint generated always as identity primary key,
  hash bytea not null unique,
  kind text not null check (kind in ('local', 'person')),
  actor text not null,
  name text not null,
  roles text[] not null,
  address text,
  created_at bigint not null default now_ms(),
  seen_at bigint not null default now_ms(),
  expires_at bigint not null,
  ended_at bigint
);
create index session_expiry on session (expires_at);
