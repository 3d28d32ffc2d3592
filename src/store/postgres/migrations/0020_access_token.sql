-- Tokens for the admin API. Only the hash of a secret is stored; revoked tokens stay, so that the journal's names can be explained.
create table access_token (
  id bigint generated always as identity primary key,
  name text not null,
  hash bytea not null unique,
  roles text[] not null,
  created_at bigint not null default now_ms(),
  created_by text not null,
  expires_at bigint not null,
  last_used_at bigint,
  revoked_at bigint
);
create unique index access_token_name on access_token (name) where revoked_at is null;
