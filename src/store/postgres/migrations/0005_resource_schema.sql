-- What a system said a resource looks like: the form that was accepted, and the one seen last. Text, since nothing here looks into it, and a
-- description is compared by whoever wrote it.
create table resource_schema (
  system text not null,
  resource text not null,
  accepted text not null,
  accepted_at bigint not null,
  seen text not null,
  seen_at bigint not null,
  primary key (system, resource)
);
