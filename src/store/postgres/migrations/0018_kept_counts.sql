-- Counts of the status, kept instead of counted: records by state, members by place and lane. `linked`: members that are linked or suspected.
create table kept_count (
  subject text not null check (subject in ('record', 'member')),
  system text not null,
  entity text not null,
  value text not null,
  count bigint not null,
  linked bigint not null,
  primary key (subject, system, entity, value)
) with (fillfactor = 50);

-- Changes of the counts that are not added to them yet: no commit waits for the row of a count.
create table count_change (
  subject text not null,
  system text not null,
  entity text not null,
  value text not null,
  count bigint not null,
  linked bigint not null
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_cost_delay = 0);

create function count_new_records() returns trigger language plpgsql set search_path from current as $$
begin
  insert into count_change select 'record', '', '', state, count(*), 0 from changed group by state;
  return null;
end $$;

create function count_gone_records() returns trigger language plpgsql set search_path from current as $$
begin
  insert into count_change select 'record', '', '', state, -count(*), 0 from changed group by state;
  return null;
end $$;

create function count_moved_record() returns trigger language plpgsql set search_path from current as $$
begin
  insert into count_change values ('record', '', '', old.state, -1, 0), ('record', '', '', new.state, 1, 0);
  return null;
end $$;

create function count_new_members() returns trigger language plpgsql set search_path from current as $$
begin
  insert into count_change
  select 'member', system, entity, lane, count(*), count(*) filter (where state in ('linked', 'suspect'))
  from changed group by system, entity, lane;
  return null;
end $$;

create function count_gone_members() returns trigger language plpgsql set search_path from current as $$
begin
  insert into count_change
  select 'member', system, entity, lane, -count(*), -count(*) filter (where state in ('linked', 'suspect'))
  from changed group by system, entity, lane;
  return null;
end $$;

create function count_moved_member() returns trigger language plpgsql set search_path from current as $$
begin
  insert into count_change values
    ('member', old.system, old.entity, old.lane, -1, case when old.state in ('linked', 'suspect') then -1 else 0 end),
    ('member', new.system, new.entity, new.lane, 1, case when new.state in ('linked', 'suspect') then 1 else 0 end);
  return null;
end $$;

create trigger record_counted_new after insert on record
  referencing new table as changed for each statement execute function count_new_records();
create trigger record_counted_gone after delete on record
  referencing old table as changed for each statement execute function count_gone_records();
-- The condition is evaluated without a call: an update that changes neither costs nothing.
create trigger record_counted_moved after update on record
  for each row when (old.state is distinct from new.state) execute function count_moved_record();
create trigger member_counted_new after insert on member
  referencing new table as changed for each statement execute function count_new_members();
create trigger member_counted_gone after delete on member
  referencing old table as changed for each statement execute function count_gone_members();
create trigger member_counted_moved after update on member
  for each row when (
    old.lane is distinct from new.lane
    or (old.state in ('linked', 'suspect')) is distinct from (new.state in ('linked', 'suspect'))
    or (old.system, old.entity) is distinct from (new.system, new.entity)
  ) execute function count_moved_member();

-- The triggers have locked the tables against writes: nothing is missed or counted twice.
insert into kept_count
select 'record', '', '', state, count(*), 0 from record group by state;
insert into kept_count
select 'member', system, entity, lane, count(*), count(*) filter (where state in ('linked', 'suspect'))
from member group by system, entity, lane;

-- What is delayed, and the lists of open matters, newest first.
create index member_delayed on member (system, entity, lane) where lane <> 'open' or lane_attempts > 0;
create index review_at on review (at, record_id);
