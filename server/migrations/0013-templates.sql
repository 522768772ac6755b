-- Documents that make whole projects. A template belongs to the team (project_id is null) or to one project.
create table template (
  uid uuid primary key,
  project_id text references project on delete cascade,
  id text not null,                    -- slug of the name
  name text not null,
  description text not null default '',
  argument_overrides bytea,            -- sealed, with the seed of its random values
  version int,                         -- what runs; null: nothing is published yet
  document jsonb,                      -- of that version
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create unique index template_id on template (coalesce(project_id, ''), id);

create table template_version (
  template_uid uuid not null references template on delete cascade,
  version int not null,
  status text not null,                -- draft, published, closed
  document jsonb not null,
  created_by text,
  created_at timestamptz not null default now(),
  decided_by text,                     -- who published or closed a draft
  decided_at timestamptz,
  primary key (template_uid, version)
);

-- A run is one of a stage's flow or one of a template. A template of the team runs without a project of its own.
alter table release_run
  alter column project_id drop not null,
  alter column pipeline_id drop not null,
  alter column stage drop not null,
  add column template_uid uuid references template on delete cascade,
  add constraint release_run_owner check (
    case when template_uid is null
         then project_id is not null and pipeline_id is not null and stage is not null
         else pipeline_id is null and stage is null end);
create index release_run_template on release_run (template_uid, number desc) where template_uid is not null;
