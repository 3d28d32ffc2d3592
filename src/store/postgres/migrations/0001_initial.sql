-- The whole state of one integration. Times are epoch milliseconds of this server's clock. Columns named `fields`, `document`, `body`
-- and `candidates` are documents encoded by the field codec; columns named `mac` are keyed hashes.

create function now_ms() returns bigint
language sql volatile parallel safe
as $$ select (extract(epoch from clock_timestamp()) * 1000)::bigint $$;

-- UUID version 7: ids that grow with time keep the indexes' newest pages hot.
create function new_id() returns uuid
language sql volatile parallel safe
as $$
  select encode(
    set_bit(set_bit(
      overlay(uuid_send(gen_random_uuid()) placing substring(int8send(now_ms()) from 3) from 1 for 6),
      52, 1), 53, 1),
    'hex')::uuid
$$;

create function union_text(a text[], b text[]) returns text[]
language sql immutable parallel safe
as $$
  select case
    when b <@ a then a
    when a = '{}' then b
    else array(select distinct item from unnest(a || b) as item order by item)
  end
$$;

create sequence worker_id as integer;

-- The record row is the work item: it is due when it is dirty, in nobody's hands and its time has come.
create table record (
  id uuid primary key,
  entity text not null,
  state text not null check (state in ('candidate', 'review', 'active', 'deleting', 'tombstoned', 'ignored')),
  rev bigint not null default 0,
  fields bytea,
  dirty_seq bigint not null default 1,
  clean_seq bigint not null default 0,
  look text[] not null default '{}',
  claimed_look text[] not null default '{}',
  claimed_seq bigint not null default 0,
  attempts integer not null default 0,
  discovered_at bigint not null,
  next_at bigint not null,
  lease_owner integer,
  lease_epoch bigint not null default 0,
  lease_until bigint not null default 0,
  tombstone_rev bigint,
  released_rev bigint,
  alias_of uuid
) with (
  fillfactor = 70,
  autovacuum_vacuum_scale_factor = 0.02,
  autovacuum_vacuum_cost_delay = 0
);
create index record_due on record (next_at) where lease_owner is null and dirty_seq > clean_seq;
create index record_owner on record (lease_owner) where lease_owner is not null;
create index record_alias on record (alias_of) where alias_of is not null;
create index record_active on record (entity, id) where state = 'active';

create table member (
  record_id uuid not null references record on delete cascade,
  system text not null,
  entity text not null,
  rid text,
  state text not null
    check (state in ('absent', 'unread', 'linked', 'suspect', 'gone', 'out-of-scope')),
  fields bytea,
  shadow_mac bytea,
  floor text,
  absorbed_version text,
  asof bigint not null default 0,
  settle_at bigint,
  lane text not null default 'open'
    check (lane in ('open', 'backoff', 'in-doubt', 'waiting', 'rejected', 'held', 'quarantined')),
  lane_until bigint,
  lane_reason text,
  lane_attempts integer not null default 0,
  gone_since bigint,
  create_wanted_at bigint,
  linked_at bigint,
  discovered_at bigint,
  primary key (record_id, system)
) with (
  fillfactor = 70,
  autovacuum_vacuum_scale_factor = 0.02,
  autovacuum_vacuum_cost_delay = 0
);
create unique index member_native on member (system, entity, rid) where rid is not null;
create index member_unread on member (system, entity, discovered_at) where state = 'unread';

create table intent (
  id uuid primary key,
  record_id uuid not null references record on delete cascade,
  system text not null,
  entity text not null,
  operation text not null check (operation in ('create', 'update', 'archive', 'delete')),
  document bytea not null,
  created_at bigint not null,
  first_sent_at bigint not null,
  not_after bigint not null,
  state text not null check (state in ('open', 'done', 'rejected', 'unsent', 'abandoned')),
  outcome text
);
create unique index intent_open on intent (record_id, system) where state = 'open';
create index intent_open_create on intent (system, entity, created_at)
  where state = 'open' and operation = 'create';
create index intent_record on intent (record_id, created_at);

create table match_key (
  record_id uuid not null references record on delete cascade,
  mac bytea not null,
  rule smallint not null,
  kind text not null check (kind in ('exact', 'block')),
  primary key (record_id, mac)
);
create index match_key_mac on match_key (mac);

create table kept_apart (
  record_id uuid not null,
  other_id uuid not null,
  primary key (record_id, other_id),
  check (record_id < other_id)
);

create table review (
  record_id uuid primary key references record on delete cascade,
  at bigint not null,
  candidates bytea not null
);

create table conflict (
  id uuid primary key,
  record_id uuid not null references record on delete cascade,
  entity text not null,
  field text not null,
  policy text not null,
  state text not null check (state in ('open', 'decided')),
  winner text,
  decided_by text,
  at bigint not null,
  candidates bytea not null
);
create index conflict_record on conflict (record_id);
create index conflict_at on conflict (at, id);
create index conflict_open on conflict (at, id) where state = 'open';

create table hold (
  id uuid primary key,
  record_id uuid not null references record on delete cascade,
  entity text not null,
  system text,
  field text,
  kind text not null check (kind in ('guard', 'rule', 'oscillation', 'update-delete', 'delete-guard')),
  reason text not null,
  at bigint not null,
  closed_at bigint,
  decision text
);
create unique index hold_open on hold (record_id, kind, system, field) nulls not distinct
  where closed_at is null;
create index hold_record on hold (record_id);
create index hold_open_at on hold (at, id) where closed_at is null;

create table failure (
  record_id uuid not null references record on delete cascade,
  system text not null,
  entity text not null,
  operation text not null,
  code text not null,
  message text not null,
  signature text not null,
  replay text not null check (replay in ('safe', 'unsafe', 'after-check')),
  first_at bigint not null,
  last_at bigint not null,
  count integer not null default 1,
  closed_at bigint,
  primary key (record_id, system)
);
create index failure_open on failure (last_at, record_id) where closed_at is null;
create index failure_signature on failure (signature) where closed_at is null;

create table dependency (
  record_id uuid not null references record on delete cascade,
  system text not null,
  field text not null,
  target_record_id uuid,
  target_system text,
  target_entity text,
  target_rid text,
  primary key (record_id, system, field)
);
create index dependency_record on dependency (target_record_id) where target_record_id is not null;
create index dependency_native on dependency (target_system, target_entity, target_rid)
  where target_rid is not null;

create table delivery (
  system text not null,
  delivery_id text not null,
  received_at bigint not null,
  body bytea not null,
  primary key (system, delivery_id)
);

create table cursor (
  system text not null,
  entity text not null,
  position text not null,
  at bigint not null,
  primary key (system, entity)
);

create table run (
  id text primary key,
  kind text not null check (kind in ('full', 'sync')),
  system text not null,
  entity text not null,
  started_at bigint not null,
  finished_at bigint,
  staged bigint not null default 0,
  seen bigint not null default 0,
  expected bigint,
  complete boolean,
  reason text,
  created bigint,
  changed bigint,
  missing bigint,
  stage text not null
);
create index run_started on run (started_at, id);
create index run_baseline on run (system, entity, started_at);

create table journal (
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
create index journal_record on journal (record_id, seq) where record_id is not null;

create table guard_count (
  system text not null,
  entity text not null,
  operation text not null,
  hour bigint not null,
  count bigint not null,
  primary key (system, entity, operation, hour)
);

create table schedule (
  key text primary key,
  at bigint not null
);

create table schedule_owner (
  only_row boolean primary key default true check (only_row),
  owner text not null,
  until bigint not null
);

create table fingerprint (
  system text primary key,
  value text not null
);

create table definition (
  version text primary key,
  document bytea not null,
  at bigint not null
);

create table integration (
  only_row boolean primary key default true check (only_row),
  id text not null,
  version text not null
);

create table worker (
  id integer primary key,
  process text not null,
  started_at bigint not null
);
