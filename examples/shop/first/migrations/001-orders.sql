create table orders (
  id bigint generated always as identity primary key,
  item text not null,
  cents int not null,
  at timestamptz not null default now()
);
insert into orders (item, cents) select 'item ' || n, n * 100 from generate_series(1, 50) n;
