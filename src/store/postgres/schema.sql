-- Made by the migrations; compared by a test. Update with `vitest run -u`.

-- functions
CREATE OR REPLACE FUNCTION add_causes(a text[], b text[])
 RETURNS text[]
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
AS $function$
  select case
    when b <@ a then a
    when a = '{}' then b[1:8]
    else (a || array(select item from unnest(b) as item where item <> all (a)))[1:8]
  end
$function$
CREATE OR REPLACE FUNCTION count_gone_members()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'dumped'
AS $function$
begin
  insert into count_change
  select 'member', system, entity, lane, -count(*), -count(*) filter (where state in ('linked', 'suspect'))
  from changed group by system, entity, lane;
  return null;
end $function$
CREATE OR REPLACE FUNCTION count_gone_records()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'dumped'
AS $function$
begin
  insert into count_change select 'record', '', '', state, -count(*), 0 from changed group by state;
  return null;
end $function$
CREATE OR REPLACE FUNCTION count_moved_member()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'dumped'
AS $function$
begin
  insert into count_change values
    ('member', old.system, old.entity, old.lane, -1, case when old.state in ('linked', 'suspect') then -1 else 0 end),
    ('member', new.system, new.entity, new.lane, 1, case when new.state in ('linked', 'suspect') then 1 else 0 end);
  return null;
end $function$
CREATE OR REPLACE FUNCTION count_moved_record()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'dumped'
AS $function$
begin
  insert into count_change values ('record', '', '', old.state, -1, 0), ('record', '', '', new.state, 1, 0);
  return null;
end $function$
CREATE OR REPLACE FUNCTION count_new_members()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'dumped'
AS $function$
begin
  insert into count_change
  select 'member', system, entity, lane, count(*), count(*) filter (where state in ('linked', 'suspect'))
  from changed group by system, entity, lane;
  return null;
end $function$
CREATE OR REPLACE FUNCTION count_new_records()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'dumped'
AS $function$
begin
  insert into count_change select 'record', '', '', state, count(*), 0 from changed group by state;
  return null;
end $function$
CREATE OR REPLACE FUNCTION new_id()
 RETURNS uuid
 LANGUAGE sql
 PARALLEL SAFE
AS $function$
  select encode(
    set_bit(set_bit(
      overlay(uuid_send(gen_random_uuid()) placing substring(int8send(now_ms()) from 3) from 1 for 6),
      52, 1), 53, 1),
    'hex')::uuid
$function$
CREATE OR REPLACE FUNCTION now_ms()
 RETURNS bigint
 LANGUAGE sql
 PARALLEL SAFE
AS $function$ select (extract(epoch from clock_timestamp()) * 1000)::bigint $function$
CREATE OR REPLACE FUNCTION union_text(a text[], b text[])
 RETURNS text[]
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
AS $function$
  select case
    when b <@ a then a
    when a = '{}' then b
    else array(select distinct item from unnest(a || b) as item order by item)
  end
$function$

-- sequences
sequence access_token_id_seq bigint
sequence audit_seq_seq bigint
sequence journal_seq_seq bigint
sequence lens_set_id_seq integer
sequence sealing_key_id_seq integer
sequence session_id_seq bigint
sequence worker_id integer

-- columns
access_token.id bigint not null identity
access_token.name text not null
access_token.hash bytea not null
access_token.roles text[] not null
access_token.created_at bigint not null default now_ms()
access_token.created_by text not null
access_token.expires_at bigint not null
access_token.last_used_at bigint
access_token.revoked_at bigint
anchor.only_row boolean not null default true
anchor.at bigint not null
audit.seq bigint not null identity
audit.stream text not null
audit.position bigint not null
audit.at bigint not null
audit.kind text not null
audit.record_id uuid
audit.actor text not null
audit.body bytea not null
audit.previous_hash bytea not null
audit.hash bytea not null
conflict.id uuid not null
conflict.record_id uuid not null
conflict.entity text not null
conflict.field text not null
conflict.policy text not null
conflict.state text not null
conflict.winner text
conflict.decided_by text
conflict.at bigint not null
conflict.candidates bytea not null
count_change.subject text not null
count_change.system text not null
count_change.entity text not null
count_change.value text not null
count_change.count bigint not null
count_change.linked bigint not null
cursor.system text not null
cursor.entity text not null
cursor.position text not null
cursor.at bigint not null
definition.version text not null
definition.document bytea not null
definition.at bigint not null
delivery.system text not null
delivery.delivery_id text not null
delivery.received_at bigint not null
delivery.body bytea not null
dependency.record_id uuid not null
dependency.system text not null
dependency.field text not null
dependency.target_record_id uuid
dependency.target_system text
dependency.target_entity text
dependency.target_rid text
duplicate.id uuid not null default new_id()
duplicate.entity text not null
duplicate.record_id uuid not null
duplicate.other_id uuid not null
duplicate.cause text not null
duplicate.system text
duplicate.survivor_id uuid
duplicate.state text not null
duplicate.at bigint not null
duplicate.closed_at bigint
duplicate.decided_by text
duplicate.before bytea
expansion.number integer not null
expansion.name text not null
expansion.applied_at timestamp with time zone not null default now()
fact.kind text not null
fact.entity text not null
fact.system text not null
fact.detail text not null
fact.at bigint not null
failure.record_id uuid not null
failure.system text not null
failure.entity text not null
failure.operation text not null
failure.code text not null
failure.message text not null
failure.signature text not null
failure.replay text not null
failure.first_at bigint not null
failure.last_at bigint not null
failure.count integer not null default 1
failure.closed_at bigint
failure.pass_id text
failure.message_document bytea
fingerprint.system text not null
fingerprint.value text not null
fingerprint.seen text
guard_count.system text not null
guard_count.entity text not null
guard_count.operation text not null
guard_count.hour bigint not null
guard_count.count bigint not null
hold.id uuid not null
hold.record_id uuid not null
hold.entity text not null
hold.system text
hold.field text
hold.kind text not null
hold.reason text not null
hold.at bigint not null
hold.closed_at bigint
hold.decision text
idempotency_key.caller text not null
idempotency_key.key text not null
idempotency_key.digest bytea not null
idempotency_key.response bytea
idempotency_key.at bigint not null default now_ms()
integration.only_row boolean not null default true
integration.id text not null
integration.version text not null
integration.epoch bigint not null default 1
integration.contracts bigint not null default 0
intent.id uuid not null
intent.record_id uuid not null
intent.system text not null
intent.entity text not null
intent.operation text not null
intent.document bytea not null
intent.created_at bigint not null
intent.first_sent_at bigint not null
intent.not_after bigint not null
intent.state text not null
intent.outcome text
intent.causes text[] not null default '{}'::text[]
intent.definition text
journal.seq bigint not null identity
journal.stream text not null
journal.position bigint not null
journal.at bigint not null
journal.kind text not null
journal.record_id uuid
journal.actor text not null
journal.body bytea not null
journal.previous_hash bytea not null
journal.hash bytea not null
journal_start.stream text not null
journal_start.position bigint not null
journal_start.hash bytea not null
kept_apart.record_id uuid not null
kept_apart.other_id uuid not null
kept_count.subject text not null
kept_count.system text not null
kept_count.entity text not null
kept_count.value text not null
kept_count.count bigint not null
kept_count.linked bigint not null
lens_set.id integer not null identity
lens_set.system text not null
lens_set.entity text not null
lens_set.digest text not null
lens_set.scope text not null
lens_set.fields jsonb not null
lens_set.current boolean not null
lens_set.legacy boolean not null
lens_set.joined_at bigint not null
lens_set.at bigint not null
match_key.record_id uuid not null
match_key.mac bytea not null
match_key.rule smallint not null
match_key.kind text not null
member.record_id uuid not null
member.system text not null
member.entity text not null
member.rid text
member.state text not null
member.fields bytea
member.shadow_mac bytea
member.floor text
member.absorbed_version text
member.asof bigint not null default 0
member.settle_at bigint
member.lane text not null default 'open'::text
member.lane_until bigint
member.lane_reason text
member.lane_attempts integer not null default 0
member.gone_since bigint
member.create_wanted_at bigint
member.linked_at bigint
member.discovered_at bigint
member.evidence text
member.lens integer
member.gone_confirmed_at bigint
member.reappeared_at bigint
migration.number integer not null
migration.name text not null
migration.applied_at timestamp with time zone not null default now()
pause.only_row boolean not null default true
pause.actor text not null
pause.reason text
pause.at bigint not null
place_health.system text not null
place_health.entity text not null
place_health.paging text
place_health.feed boolean
place_health.read_at bigint
place_health.read_ms bigint
place_health.compared_at bigint
place_health.failures integer not null default 0
place_health.failing_since bigint
place_health.failed_at bigint
place_health.failed_way text
place_health.failed_code text
place_health.failed_message text
place_health.next_at bigint
place_health.failed_cause text
rate_bucket.key text not null
rate_bucket.due_at double precision not null default 0
rate_bucket.paused_until double precision not null default 0
record.id uuid not null
record.entity text not null
record.state text not null
record.rev bigint not null default 0
record.fields bytea
record.dirty_seq bigint not null default 1
record.clean_seq bigint not null default 0
record.look text[] not null default '{}'::text[]
record.claimed_look text[] not null default '{}'::text[]
record.claimed_seq bigint not null default 0
record.attempts integer not null default 0
record.discovered_at bigint not null
record.next_at bigint not null
record.lease_owner integer
record.lease_epoch bigint not null default 0
record.lease_until bigint not null default 0
record.tombstone_rev bigint
record.released_rev bigint
record.alias_of uuid
record.removal text
record.merging uuid[] not null default '{}'::uuid[]
record.dirty_since bigint default now_ms()
record.causes text[] not null default '{}'::text[]
record.claimed_causes text[] not null default '{}'::text[]
record_key.record_id uuid not null
record_key.wrapped_by integer not null
record_key.wrapped bytea not null
resource_schema.system text not null
resource_schema.resource text not null
resource_schema.accepted text not null
resource_schema.accepted_at bigint not null
resource_schema.seen text not null
resource_schema.seen_at bigint not null
review.record_id uuid not null
review.at bigint not null
review.candidates bytea not null
run.id text not null
run.kind text not null
run.system text not null
run.entity text not null
run.started_at bigint not null
run.finished_at bigint
run.staged bigint not null default 0
run.seen bigint not null default 0
run.expected bigint
run.complete boolean
run.created bigint
run.changed bigint
run.missing bigint
run.stage text not null
run.reason_code text
run.reason_details text
run.missing_observed boolean not null default false
schedule.key text not null
schedule.at bigint not null
schedule_owner.only_row boolean not null default true
schedule_owner.owner text not null
schedule_owner.until bigint not null
sealing.only_row boolean not null default true
sealing.sealed_at bigint not null default now_ms()
sealing.reads_clear boolean not null
sealing_key.id integer not null identity
sealing_key.kind text not null
sealing_key.day integer
sealing_key.state text not null default 'active'::text
sealing_key.wrapped bytea not null
sealing_key.master text
sealing_key.wrapped_by integer
sealing_key.created_at bigint not null default now_ms()
session.id bigint not null identity
session.hash bytea not null
session.kind text not null
session.actor text not null
session.name text not null
session.roles text[] not null
session.address text
session.created_at bigint not null default now_ms()
session.seen_at bigint not null default now_ms()
session.expires_at bigint not null
session.ended_at bigint
session.policy text
store_format.only_row boolean not null default true
store_format.number integer not null
store_format.converted_to uuid
store_format.converted_at bigint
system_health.system text not null
system_health.heard_at bigint
system_health.paused_since bigint
system_health.paused_until bigint
system_health.paused_code text
token.key text not null
token.generation integer not null
token.expires_at bigint not null
token.document bytea not null
value_wait.record_id uuid not null
value_wait.system text not null
value_wait.entity text not null
value_wait.field text not null
value_wait.wanted bytea not null
value_wait.holds bytea
worker.id integer not null
worker.process text not null
worker.started_at bigint not null
write_probe.filler bytea not null

-- constraints
access_token UNIQUE (hash)
access_token PRIMARY KEY (id)
anchor CHECK (only_row)
anchor PRIMARY KEY (only_row)
audit PRIMARY KEY (seq)
conflict PRIMARY KEY (id)
conflict FOREIGN KEY (record_id) REFERENCES record(id) ON DELETE CASCADE
conflict CHECK ((state = ANY (ARRAY['open'::text, 'decided'::text])))
cursor PRIMARY KEY (system, entity)
definition PRIMARY KEY (version)
delivery PRIMARY KEY (system, delivery_id)
dependency FOREIGN KEY (record_id) REFERENCES record(id) ON DELETE CASCADE
duplicate CHECK ((cause = ANY (ARRAY['key'::text, 'merge'::text])))
duplicate CHECK ((record_id < other_id))
duplicate FOREIGN KEY (other_id) REFERENCES record(id) ON DELETE CASCADE
duplicate PRIMARY KEY (id)
duplicate FOREIGN KEY (record_id) REFERENCES record(id) ON DELETE CASCADE
duplicate CHECK ((state = ANY (ARRAY['open'::text, 'same'::text, 'apart'::text, 'over'::text])))
expansion PRIMARY KEY (number)
fact CHECK ((kind = ANY (ARRAY['first-load-listed'::text, 'listed-twice'::text, 'observed'::text, 'older-records-marked'::text, 'lens-set-applied'::text, 'deletions-tripped'::text, 'witnesses-lost'::text])))
fact PRIMARY KEY (kind, entity, system, detail)
failure PRIMARY KEY (record_id, system)
failure FOREIGN KEY (record_id) REFERENCES record(id) ON DELETE CASCADE
failure CHECK ((replay = ANY (ARRAY['safe'::text, 'unsafe'::text, 'after-check'::text])))
fingerprint PRIMARY KEY (system)
guard_count PRIMARY KEY (system, entity, operation, hour)
hold CHECK ((kind = ANY (ARRAY['guard'::text, 'rule'::text, 'oscillation'::text, 'update-delete'::text, 'delete-guard'::text, 'delete-waits'::text])))
hold PRIMARY KEY (id)
hold FOREIGN KEY (record_id) REFERENCES record(id) ON DELETE CASCADE
idempotency_key PRIMARY KEY (caller, key)
integration CHECK (only_row)
integration PRIMARY KEY (only_row)
intent CHECK ((operation = ANY (ARRAY['create'::text, 'update'::text, 'archive'::text, 'delete'::text])))
intent PRIMARY KEY (id)
intent FOREIGN KEY (record_id) REFERENCES record(id) ON DELETE CASCADE
intent CHECK ((state = ANY (ARRAY['open'::text, 'done'::text, 'rejected'::text, 'unsent'::text, 'abandoned'::text])))
journal PRIMARY KEY (seq)
journal_start PRIMARY KEY (stream)
kept_apart CHECK ((record_id < other_id))
kept_apart PRIMARY KEY (record_id, other_id)
kept_count PRIMARY KEY (subject, system, entity, value)
kept_count CHECK ((subject = ANY (ARRAY['record'::text, 'member'::text])))
lens_set PRIMARY KEY (id)
match_key CHECK ((kind = ANY (ARRAY['exact'::text, 'block'::text])))
match_key PRIMARY KEY (record_id, mac)
match_key FOREIGN KEY (record_id) REFERENCES record(id) ON DELETE CASCADE
member CHECK ((lane = ANY (ARRAY['open'::text, 'backoff'::text, 'in-doubt'::text, 'waiting'::text, 'rejected'::text, 'held'::text, 'quarantined'::text])))
member PRIMARY KEY (record_id, system)
member FOREIGN KEY (record_id) REFERENCES record(id) ON DELETE CASCADE
member CHECK ((state = ANY (ARRAY['absent'::text, 'unread'::text, 'linked'::text, 'suspect'::text, 'gone'::text, 'out-of-scope'::text])))
migration PRIMARY KEY (number)
pause CHECK (only_row)
pause PRIMARY KEY (only_row)
place_health PRIMARY KEY (system, entity)
rate_bucket PRIMARY KEY (key)
record PRIMARY KEY (id)
record CHECK ((removal = ANY (ARRAY['archive'::text, 'delete'::text, 'keep'::text])))
record CHECK ((state = ANY (ARRAY['candidate'::text, 'review'::text, 'active'::text, 'deleting'::text, 'tombstoned'::text, 'ignored'::text])))
record_key PRIMARY KEY (record_id)
resource_schema PRIMARY KEY (system, resource)
review PRIMARY KEY (record_id)
review FOREIGN KEY (record_id) REFERENCES record(id) ON DELETE CASCADE
run CHECK ((kind = ANY (ARRAY['full'::text, 'sync'::text])))
run PRIMARY KEY (id)
schedule PRIMARY KEY (key)
schedule_owner CHECK (only_row)
schedule_owner PRIMARY KEY (only_row)
sealing CHECK (only_row)
sealing PRIMARY KEY (only_row)
sealing_key CHECK (((kind = 'day'::text) = (day IS NOT NULL)))
sealing_key CHECK (((kind = 'wrapping'::text) = (master IS NOT NULL)))
sealing_key CHECK (((kind = 'wrapping'::text) = (wrapped_by IS NULL)))
sealing_key CHECK ((kind = ANY (ARRAY['wrapping'::text, 'shared'::text, 'day'::text, 'hash'::text])))
sealing_key PRIMARY KEY (id)
sealing_key CHECK ((state = ANY (ARRAY['active'::text, 'retiring'::text])))
session UNIQUE (hash)
session CHECK ((kind = ANY (ARRAY['local'::text, 'person'::text])))
session PRIMARY KEY (id)
store_format CHECK (only_row)
store_format PRIMARY KEY (only_row)
system_health PRIMARY KEY (system)
token PRIMARY KEY (key)
value_wait PRIMARY KEY (record_id, system, field)
value_wait FOREIGN KEY (record_id) REFERENCES record(id) ON DELETE CASCADE
worker PRIMARY KEY (id)

-- indexes
CREATE UNIQUE INDEX access_token_hash_key ON access_token USING btree (hash)
CREATE UNIQUE INDEX access_token_name ON access_token USING btree (name) WHERE (revoked_at IS NULL)
CREATE UNIQUE INDEX access_token_pkey ON access_token USING btree (id)
CREATE UNIQUE INDEX anchor_pkey ON anchor USING btree (only_row)
CREATE UNIQUE INDEX audit_pkey ON audit USING btree (seq)
CREATE INDEX conflict_at ON conflict USING btree (at, id)
CREATE INDEX conflict_open ON conflict USING btree (at, id) WHERE (state = 'open'::text)
CREATE UNIQUE INDEX conflict_pkey ON conflict USING btree (id)
CREATE INDEX conflict_record ON conflict USING btree (record_id)
CREATE UNIQUE INDEX cursor_pkey ON cursor USING btree (system, entity)
CREATE UNIQUE INDEX definition_pkey ON definition USING btree (version)
CREATE UNIQUE INDEX delivery_pkey ON delivery USING btree (system, delivery_id)
CREATE INDEX delivery_received ON delivery USING btree (received_at)
CREATE INDEX dependency_native ON dependency USING btree (target_system, target_entity, target_rid) WHERE (target_rid IS NOT NULL)
CREATE INDEX dependency_record ON dependency USING btree (target_record_id) WHERE (target_record_id IS NOT NULL)
CREATE UNIQUE INDEX dependency_wait ON dependency USING btree (record_id, system, field, target_record_id, target_system, target_entity, target_rid) NULLS NOT DISTINCT
CREATE INDEX duplicate_decided ON duplicate USING btree (closed_at, id) WHERE (state = ANY (ARRAY['same'::text, 'apart'::text]))
CREATE INDEX duplicate_open ON duplicate USING btree (at, id) WHERE (state = 'open'::text)
CREATE INDEX duplicate_other ON duplicate USING btree (other_id)
CREATE UNIQUE INDEX duplicate_pair ON duplicate USING btree (record_id, other_id)
CREATE UNIQUE INDEX duplicate_pkey ON duplicate USING btree (id)
CREATE UNIQUE INDEX expansion_pkey ON expansion USING btree (number)
CREATE UNIQUE INDEX fact_pkey ON fact USING btree (kind, entity, system, detail)
CREATE INDEX failure_closed ON failure USING btree (closed_at) WHERE (closed_at IS NOT NULL)
CREATE INDEX failure_open ON failure USING btree (last_at, record_id) WHERE (closed_at IS NULL)
CREATE UNIQUE INDEX failure_pkey ON failure USING btree (record_id, system)
CREATE INDEX failure_signature ON failure USING btree (signature) WHERE (closed_at IS NULL)
CREATE UNIQUE INDEX fingerprint_pkey ON fingerprint USING btree (system)
CREATE UNIQUE INDEX guard_count_pkey ON guard_count USING btree (system, entity, operation, hour)
CREATE INDEX hold_closed ON hold USING btree (closed_at) WHERE (closed_at IS NOT NULL)
CREATE UNIQUE INDEX hold_open ON hold USING btree (record_id, kind, system, field) NULLS NOT DISTINCT WHERE (closed_at IS NULL)
CREATE INDEX hold_open_at ON hold USING btree (at, id) WHERE (closed_at IS NULL)
CREATE UNIQUE INDEX hold_pkey ON hold USING btree (id)
CREATE INDEX hold_record ON hold USING btree (record_id)
CREATE INDEX idempotency_key_at ON idempotency_key USING btree (at)
CREATE UNIQUE INDEX idempotency_key_pkey ON idempotency_key USING btree (caller, key)
CREATE UNIQUE INDEX integration_pkey ON integration USING btree (only_row)
CREATE UNIQUE INDEX intent_open ON intent USING btree (record_id, system) WHERE (state = 'open'::text)
CREATE INDEX intent_open_create ON intent USING btree (system, entity, created_at) WHERE ((state = 'open'::text) AND (operation = 'create'::text))
CREATE UNIQUE INDEX intent_pkey ON intent USING btree (id)
CREATE INDEX intent_record ON intent USING btree (record_id, created_at)
CREATE UNIQUE INDEX journal_pkey ON journal USING btree (seq)
CREATE INDEX journal_record ON journal USING btree (record_id, seq) WHERE (record_id IS NOT NULL)
CREATE UNIQUE INDEX journal_start_pkey ON journal_start USING btree (stream)
CREATE UNIQUE INDEX kept_apart_pkey ON kept_apart USING btree (record_id, other_id)
CREATE UNIQUE INDEX kept_count_pkey ON kept_count USING btree (subject, system, entity, value)
CREATE UNIQUE INDEX lens_set_current ON lens_set USING btree (system, entity) WHERE current
CREATE UNIQUE INDEX lens_set_legacy ON lens_set USING btree (system, entity) WHERE legacy
CREATE UNIQUE INDEX lens_set_pkey ON lens_set USING btree (id)
CREATE INDEX match_key_mac ON match_key USING btree (mac)
CREATE UNIQUE INDEX match_key_pkey ON match_key USING btree (record_id, mac)
CREATE INDEX member_delayed ON member USING btree (system, entity, lane) WHERE ((lane <> 'open'::text) OR (lane_attempts > 0))
CREATE INDEX member_failing ON member USING btree (system) WHERE (lane_attempts > 0)
CREATE UNIQUE INDEX member_native ON member USING btree (system, entity, rid) WHERE (rid IS NOT NULL)
CREATE UNIQUE INDEX member_pkey ON member USING btree (record_id, system)
CREATE INDEX member_unread ON member USING btree (system, entity, discovered_at) WHERE (state = 'unread'::text)
CREATE UNIQUE INDEX migration_pkey ON migration USING btree (number)
CREATE UNIQUE INDEX pause_pkey ON pause USING btree (only_row)
CREATE UNIQUE INDEX place_health_pkey ON place_health USING btree (system, entity)
CREATE UNIQUE INDEX rate_bucket_pkey ON rate_bucket USING btree (key)
CREATE INDEX record_active ON record USING btree (entity, id) WHERE (state = 'active'::text)
CREATE INDEX record_alias ON record USING btree (alias_of) WHERE (alias_of IS NOT NULL)
CREATE INDEX record_due ON record USING btree (next_at) WHERE ((lease_owner IS NULL) AND (dirty_seq > clean_seq))
CREATE UNIQUE INDEX record_key_pkey ON record_key USING btree (record_id)
CREATE INDEX record_owner ON record USING btree (lease_owner) WHERE (lease_owner IS NOT NULL)
CREATE UNIQUE INDEX record_pkey ON record USING btree (id)
CREATE UNIQUE INDEX resource_schema_pkey ON resource_schema USING btree (system, resource)
CREATE INDEX review_at ON review USING btree (at, record_id)
CREATE UNIQUE INDEX review_pkey ON review USING btree (record_id)
CREATE INDEX run_baseline ON run USING btree (system, entity, started_at)
CREATE UNIQUE INDEX run_pkey ON run USING btree (id)
CREATE INDEX run_started ON run USING btree (started_at, id)
CREATE UNIQUE INDEX schedule_owner_pkey ON schedule_owner USING btree (only_row)
CREATE UNIQUE INDEX schedule_pkey ON schedule USING btree (key)
CREATE UNIQUE INDEX sealing_key_active ON sealing_key USING btree (kind, day) NULLS NOT DISTINCT WHERE (state = 'active'::text)
CREATE UNIQUE INDEX sealing_key_pkey ON sealing_key USING btree (id)
CREATE UNIQUE INDEX sealing_pkey ON sealing USING btree (only_row)
CREATE INDEX session_expiry ON session USING btree (expires_at)
CREATE UNIQUE INDEX session_hash_key ON session USING btree (hash)
CREATE UNIQUE INDEX session_pkey ON session USING btree (id)
CREATE UNIQUE INDEX store_format_pkey ON store_format USING btree (only_row)
CREATE UNIQUE INDEX system_health_pkey ON system_health USING btree (system)
CREATE UNIQUE INDEX token_pkey ON token USING btree (key)
CREATE INDEX value_wait_holds ON value_wait USING btree (holds) WHERE (holds IS NOT NULL)
CREATE UNIQUE INDEX value_wait_pkey ON value_wait USING btree (record_id, system, field)
CREATE INDEX value_wait_place ON value_wait USING btree (system, entity)
CREATE INDEX value_wait_wanted ON value_wait USING btree (wanted)
CREATE UNIQUE INDEX worker_pkey ON worker USING btree (id)

-- settings
count_change (autovacuum_vacuum_scale_factor=0, autovacuum_vacuum_threshold=5000, autovacuum_vacuum_cost_delay=0)
fact (fillfactor=50)
kept_count (fillfactor=50)
member (autovacuum_vacuum_scale_factor=0.02, autovacuum_vacuum_cost_delay=0, fillfactor=85)
place_health (fillfactor=50)
record (autovacuum_vacuum_scale_factor=0.02, autovacuum_vacuum_cost_delay=0, fillfactor=85)
system_health (fillfactor=50)
