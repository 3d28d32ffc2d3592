-- The tables that the people of the warehouse made for Stripe's records. Amounts are in the unit of their currency: 10.99, not 1099.
create table customers (
  stripe_id text primary key,
  name text,
  email text,
  country text,
  created_at timestamptz not null,
  deleted_at timestamptz
);

create table payments (
  stripe_id text primary key,
  customer text references customers,
  amount numeric(20, 3) not null,
  received numeric(20, 3) not null,
  currency text not null check (currency ~ '^[A-Z]{3}$'),
  status text not null,
  created_at timestamptz not null
);

create table charges (
  stripe_id text primary key,
  payment text references payments,
  amount numeric(20, 3) not null,
  refunded numeric(20, 3) not null,
  currency text not null check (currency ~ '^[A-Z]{3}$'),
  status text not null,
  created_at timestamptz not null
);
