-- Why records became due since their last clean pass: marks since the claim, and those known to it, as with `look`.
alter table record
  add column causes text[] not null default '{}',
  add column claimed_causes text[] not null default '{}';
-- Why the write was made, the first cause first, and the version of the definition that decided it.
alter table intent
  add column causes text[] not null default '{}',
  add column definition text;

create function add_causes(a text[], b text[]) returns text[] language sql immutable parallel safe as $$
  select case
    when b <@ a then a
    when a = '{}' then b[1:8]
    else (a || array(select item from unnest(b) as item where item <> all (a)))[1:8]
  end
$$;
