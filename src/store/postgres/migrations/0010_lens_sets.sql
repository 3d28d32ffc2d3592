-- Which lens read a member's fields, and which definition is bound. Rows of before have no number: they were read through the lenses of the
-- definition that was bound last, which the next binding puts down as the set marked `legacy`.
alter table integration add column epoch bigint not null default 1;
alter table member add column lens integer;

create table lens_set (
  id integer generated always as identity primary key,
  system text not null,
  entity text not null,
  digest text not null,
  scope text not null,
  fields jsonb not null,
  current boolean not null,
  legacy boolean not null,
  joined_at bigint not null,
  at bigint not null
);
create unique index lens_set_current on lens_set (system, entity) where current;
create unique index lens_set_legacy on lens_set (system, entity) where legacy;
