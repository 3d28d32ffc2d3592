-- OAuth tokens that the processes of an integration share. One row per credential; the newest token replaces the one before.
create table token (
  key text primary key,
  -- Grows with each renewal: a process that lost its lock can't put an older token over a newer one.
  generation integer not null,
  expires_at bigint not null,
  -- Access and refresh token, through the field codec.
  document bytea not null
);
