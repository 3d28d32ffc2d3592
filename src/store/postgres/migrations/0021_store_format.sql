-- The format in which documents are written: older packages read only the first one, and a newer one is written once they are kept out.
create table store_format (
  only_row boolean primary key default true check (only_row),
  number integer not null,
  -- The fields of records up to this id are converted; all of them once `converted_at` is set.
  converted_to uuid,
  converted_at bigint
);
insert into store_format (number) values (1);

-- How often older packages were kept out. They compare `epoch`, which counts that as well as changes of the definition.
alter table integration add column contracts bigint not null default 0;
