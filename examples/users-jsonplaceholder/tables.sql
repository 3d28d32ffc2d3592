create table users (
  id bigint generated always as identity primary key,
  isthmus_id uuid unique,
  name text not null,
  email text,
  phone text,
  street text,
  city text
);
