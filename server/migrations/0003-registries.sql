-- Saved credentials of image registries, for the whole team.
create table registry_credential (
  id text primary key,
  name text not null,
  provider text not null,
  host text not null,                  -- docker.io, registry.example.com:5000
  username text not null,
  secret bytea not null,               -- sealed {password}
  scope jsonb not null,                -- {pull, push}
  restricted boolean not null default false,
  projects text[] not null default '{}',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

-- How people named what a run runs: {internal: …} or {external: {imagePath, credentials}}.
alter table job_run add column source jsonb;
