-- Domains of the team, and the names below them that were registered. Which service answers a name stands in the ports of the
-- services, nowhere else.
create table domain (
  name text primary key,               -- example.com
  status text not null default 'pending', -- contract: domainMoves
  token text not null,                 -- what the TXT record must say
  verified_at timestamptz,
  created_at timestamptz not null default now()
);

create table subdomain (
  domain text not null references domain on delete cascade,
  name text not null,                  -- shop, or -default for the domain itself
  full_name text not null unique,      -- shop.example.com
  created_at timestamptz not null default now(),
  primary key (domain, name)
);

-- A certificate that is kept up (one for each host), or was imported (one for each domain).
create table certificate (
  id uuid primary key,
  source text not null,                -- acme, imported
  subject text not null,               -- the host, or the domain it was imported for
  hosts text[] not null,
  status text not null default 'pending', -- contract: certificateMoves
  version int,                         -- the one that is served; null: none yet
  attempts int not null default 0,     -- failures since it was last issued
  reason text,                         -- why the last attempt failed
  next_try_at timestamptz,
  started_at timestamptz,              -- of the attempt under way
  order_url text,                      -- at the authority: an attempt that was broken off goes on with it,
  order_key bytea,                     -- and with this key, sealed
  domain text references domain on delete cascade, -- of an imported one
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (source, subject)
);

create table certificate_version (
  certificate_id uuid not null references certificate on delete cascade,
  version int not null,
  hosts text[] not null,
  issuer text not null,
  serial text not null,
  fingerprint text not null,           -- sha256
  not_before timestamptz not null,
  not_after timestamptz not null,
  chain text not null,                 -- PEM, the certificate first
  key bytea not null,                  -- sealed PEM
  created_at timestamptz not null default now(),
  primary key (certificate_id, version)
);

-- Our account at each authority. The key is stored before it is registered, so that there is one account only.
create table acme_account (
  directory text primary key,
  key bytea not null,                  -- sealed PEM
  url text,
  created_at timestamptz not null default now()
);

-- What every control plane answers to an authority that asks whether a host is ours.
create table acme_challenge (
  token text primary key,
  answer text not null,
  host text not null,
  certificate_id uuid not null references certificate on delete cascade,
  created_at timestamptz not null default now()
);
create index acme_challenge_certificate on acme_challenge (certificate_id);
