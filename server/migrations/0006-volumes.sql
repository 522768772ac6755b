-- Volumes: disks of services, made by a worker, and their backups.
alter table volume
  add column status text not null default 'PENDING',
  add column status_message text,
  add column disk text,                     -- its name in the volume store; each attempt to make it has its own
  add column used_mb integer,
  add column source jsonb;
create index volume_service on volume (project_id, service_id);

create table volume_backup (
  id uuid primary key,
  project_id text not null references project on delete cascade,
  volume_id text not null,                  -- the volume may be gone; its backups stay
  name text not null,
  description text not null default '',
  spec jsonb not null,                      -- of the volume, as it was
  status text not null default 'scheduled',
  destination_id text,
  record jsonb,
  error jsonb,
  abort_requested boolean not null default false,
  removing boolean not null default false,
  created_by text,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  started_at timestamptz,
  concluded_at timestamptz
);
create index volume_backup_volume on volume_backup (project_id, volume_id, created_at desc);
