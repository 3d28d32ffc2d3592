-- The table of the pricing department's own application.
create table products (
  id bigint generated always as identity primary key,
  isthmus_id uuid unique,
  sku text not null unique,
  name text not null,
  description text,
  price numeric(12, 2),
  currency text,
  active boolean not null default true,
  deleted_at timestamptz,
  check ((price is null) = (currency is null))
);

-- Tells of changes at once; see the connector's README.
create function tell_isthmus() returns trigger language plpgsql as $$
begin
  perform pg_notify('isthmus', json_build_object('table', tg_table_name, 'key', json_build_array(new.id::text))::text);
  return null;
end $$;

create trigger tell_isthmus after insert or update on products for each row execute function tell_isthmus();
