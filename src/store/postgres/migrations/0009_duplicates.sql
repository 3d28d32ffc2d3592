-- Duplicates: pairs of records that share an exact match key, or that a merge in one system joined, while both have a native record in the
-- same system. One row per pair; it is opened again when the pair comes about once more.
create table duplicate (
  id uuid primary key default new_id(),
  entity text not null,
  record_id uuid not null references record (id) on delete cascade,
  other_id uuid not null references record (id) on delete cascade,
  cause text not null check (cause in ('key', 'merge')),
  -- The system whose merge joined the two, and the record that survived there.
  system text,
  survivor_id uuid,
  state text not null check (state in ('open', 'same', 'apart', 'over')),
  at bigint not null,
  closed_at bigint,
  decided_by text,
  -- What the two records were before they were merged, for undo. Encoded.
  before bytea,
  check (record_id < other_id)
);
create unique index duplicate_pair on duplicate (record_id, other_id);
create index duplicate_other on duplicate (other_id);
create index duplicate_open on duplicate (at, id) where state = 'open';
create index duplicate_decided on duplicate (closed_at, id) where state in ('same', 'apart');

-- A record that a person merged into another: what becomes of the native records that the other one has no place for.
alter table record add column removal text check (removal in ('archive', 'delete', 'keep'));
-- Records whose values this one still has to take over.
alter table record add column merging uuid[] not null default '{}';

alter table hold drop constraint hold_kind_check;
alter table hold add constraint hold_kind_check
  check (kind in ('guard', 'rule', 'oscillation', 'update-delete', 'delete-guard', 'delete-waits'));

-- Merges followed so far left a counterpart of the loser linked to a tombstone, where the survivor has one of its own. Such a record works
-- again, and a person says what becomes of it. Its lanes are as they were, so nothing is written because of this.
with orphan as (
  select distinct r.id, r.alias_of, r.entity
  from record r
  join member m on m.record_id = r.id and m.state = 'linked' and m.rid is not null
  join record s on s.id = r.alias_of and s.state = 'active'
  join member o on o.record_id = s.id and o.system = m.system and o.rid is not null
  where r.state = 'tombstoned'
),
paired as (
  insert into duplicate (entity, record_id, other_id, cause, survivor_id, state, at)
  select entity, least(id, alias_of), greatest(id, alias_of), 'merge', alias_of, 'open', now_ms()
  from orphan
)
update record r set
  state = 'active',
  alias_of = null,
  tombstone_rev = null,
  dirty_seq = r.dirty_seq + 1,
  next_at = now_ms(),
  look = '{*}'
from orphan
where r.id = orphan.id;

-- Pairs that share an exact key already. A key that more than five records hold tells none of them from another.
insert into duplicate (entity, record_id, other_id, cause, state, at)
select distinct r.entity, a.record_id, b.record_id, 'key', 'open', now_ms()
from (
  select k.mac
  from match_key k
  join record r on r.id = k.record_id and r.state in ('candidate', 'review', 'active')
  where k.kind = 'exact'
  group by k.mac
  having count(*) between 2 and 5
) crowd
join match_key a on a.mac = crowd.mac and a.kind = 'exact'
join match_key b on b.mac = crowd.mac and b.kind = 'exact' and b.record_id > a.record_id
join record r on r.id = a.record_id and r.state in ('candidate', 'review', 'active')
join record s on s.id = b.record_id and s.state in ('candidate', 'review', 'active')
where exists (
    select 1
    from member m
    join member o on o.record_id = b.record_id and o.system = m.system and o.rid is not null and o.state <> 'gone'
    where m.record_id = a.record_id and m.rid is not null and m.state <> 'gone'
  )
  and not exists (select 1 from kept_apart k where k.record_id = a.record_id and k.other_id = b.record_id)
on conflict do nothing;
