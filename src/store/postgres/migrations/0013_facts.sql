-- What was established at some time and is read again later. Kept in the schedule before, under composed keys.
create table fact (
  kind text not null check (kind in (
    'first-load-listed', 'listed-twice', 'observed', 'older-records-marked', 'lens-set-applied', 'deletions-tripped', 'witnesses-lost'
  )),
  entity text not null,
  -- Empty: it is about the entity as a whole.
  system text not null,
  -- What else it depends on, such as a version of the definition; empty where nothing does.
  detail text not null,
  at bigint not null,
  primary key (kind, entity, system, detail)
) with (fillfactor = 50);

-- The keys were "<prefix>:<system>:<entity>[:<detail>]", only that of the first load had no system. Names contain no colon.
with moved as (
  delete from schedule
  where split_part(key, ':', 1) in (
    'first-load', 'baseline-list', 'look-feed', 'look-list', 'placing', 'lenses', 'delete-guard', 'lost-witnesses'
  )
  returning key, at, split_part(key, ':', 1) as prefix, split_part(key, ':', 2) as first, split_part(key, ':', 3) as second
)
insert into fact (kind, entity, system, detail, at)
select
  case prefix
    when 'first-load' then 'first-load-listed'
    when 'baseline-list' then 'listed-twice'
    when 'placing' then 'older-records-marked'
    when 'lenses' then 'lens-set-applied'
    when 'delete-guard' then 'deletions-tripped'
    when 'lost-witnesses' then 'witnesses-lost'
    else 'observed'
  end,
  case prefix when 'first-load' then first else second end,
  case prefix when 'first-load' then '' else first end,
  case prefix
    when 'look-feed' then 'feed'
    when 'look-list' then 'list'
    else substr(key, length(prefix) + length(first) + length(second) + 4)
  end,
  at
from moved;
