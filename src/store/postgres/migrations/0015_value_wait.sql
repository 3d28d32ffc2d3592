-- Records whose write was refused because another record of the system holds the value, which must be unique there.
create table value_wait (
  record_id uuid not null references record on delete cascade,
  system text not null,
  entity text not null,
  field text not null,
  -- Keyed hashes of the value that was refused, and of the one that the record holds; they name system, entity and field as well.
  wanted bytea not null,
  holds bytea,
  primary key (record_id, system, field)
);
create index value_wait_wanted on value_wait (wanted);
create index value_wait_holds on value_wait (holds) where holds is not null;
create index value_wait_place on value_wait (system, entity);
