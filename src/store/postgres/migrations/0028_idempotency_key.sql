-- Responses to actions that were asked for with an idempotency key, kept for a day: each row commits with its action.
create table idempotency_key (
  caller text not null,
  key text not null,
  digest bytea not null,
  response bytea,
  at bigint not null default now_ms(),
  primary key (caller, key)
);
create index idempotency_key_at on idempotency_key (at);
