-- A field may wait for several targets at once: for a native id that is not known yet and for the counterpart of a known record, or for the
-- items of a list. Each wait is a row of its own; one target that comes must not hide the other.
alter table dependency drop constraint dependency_pkey;
create unique index dependency_wait on dependency
  (record_id, system, field, target_record_id, target_system, target_entity, target_rid) nulls not distinct;
