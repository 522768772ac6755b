-- The whole first schema. Migrations are forward-only; each is safe for the version still running.

create table work_item (
  kind text not null,
  key text not null,
  wake_at timestamptz,                 -- null: nothing is due
  seq bigint not null default 0,       -- grows with every request, so that one made during work is not lost
  lease uuid,
  lease_expires_at timestamptz,
  worker uuid,
  failures int not null default 0,     -- consecutive unexpected errors, for the back-off
  primary key (kind, key)
);
create index work_item_due on work_item (wake_at) where wake_at is not null;
create index work_item_leased on work_item (worker) where lease is not null;

create table worker (
  id uuid primary key,
  lock_key bigint not null,            -- advisory lock its session holds while it lives
  started_at timestamptz not null default now()
);

create table event (
  id bigint generated always as identity primary key,
  at timestamptz not null default now(),
  project_id text,
  topic text not null,                 -- run, build, instance, service, job-run, addon, backup, audit
  subject text not null,               -- id of what it is about
  type text not null,
  actor text,
  data jsonb not null default '{}',
  tx xid8 not null default pg_current_xact_id() -- live streams read in the order (tx, id): see db/event-log.ts
);
create index event_position on event (tx, id);
create index event_subject on event (topic, subject, id);
create index event_project on event (project_id, id);
create index event_at on event (at);

create table token (
  id uuid primary key,
  name text not null unique,
  hash text not null unique,           -- sha-256 of the secret part
  permission text not null,            -- read, write, admin
  created_at timestamptz not null default now(),
  expires_at timestamptz,
  last_used_at timestamptz
);

create table project (
  id text primary key,
  name text not null,
  description text not null default '',
  color text not null default '#57A0FF',
  region text not null default 'local',
  deleting boolean not null default false,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

create table tag (
  id text primary key,
  name text not null,
  description text not null default '',
  color text not null default '#57A0FF',
  spec jsonb not null default '{}',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

-- A service's spec is the contract's body, normalised. config_version grows with each change that a new
-- revision must carry; every version is kept in service_config.
create table service (
  project_id text not null references project on delete cascade,
  id text not null,
  kind text not null,                  -- combined, build, deployment
  name text not null,
  description text not null default '',
  spec jsonb not null,
  tags text[] not null default '{}',
  config_version int not null default 1,
  instances int not null default 1,
  paused boolean not null default false,
  disabled_ci boolean not null default false,
  disabled_cd boolean not null default false,
  deleting boolean not null default false,
  desired_revision uuid,
  current_revision uuid,               -- the last good one: proved by a completed rollout
  deployment_status text not null default 'PENDING', -- PENDING IN_PROGRESS COMPLETED FAILED, as observed
  deployment_reason text not null default 'DEPLOYING', -- SCALING, DEPLOYING
  deployment_message text,
  deployment_transition_at timestamptz not null default now(),
  gateway_generation bigint not null default 0,
  gateway_routes text,                 -- hash of the routes the gateway acknowledged last
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (project_id, id)
);

create table service_config (
  project_id text not null,
  service_id text not null,
  version int not null,
  spec jsonb not null,
  created_at timestamptz not null default now(),
  primary key (project_id, service_id, version),
  foreign key (project_id, service_id) references service on delete cascade
);

-- What a rollout installs. Never updated.
create table revision (
  id uuid primary key,
  project_id text not null,
  service_id text not null,
  number int not null,
  artifact_kind text not null,         -- bundle, image
  artifact_digest text not null,
  source jsonb not null,               -- {internal:{id,branch,buildSHA,buildId}} or {external:{imagePath,credentials}}
  build_id text,
  config_version int not null,
  config jsonb not null,               -- the part of the spec instances run with: command, ports, health checks, limits
  secret_versions jsonb not null default '{}', -- {"<group id>": version}
  environment_hash text not null,      -- of the resolved environment, so that a changed value is a new revision
  reason text not null,                -- deploy, restart, config, rollback, cd
  restarted_from uuid,
  created_by text,
  created_at timestamptz not null default now(),
  unique (project_id, service_id, number),
  foreign key (project_id, service_id) references service on delete cascade
);

create table rollout (
  id uuid primary key,
  project_id text not null,
  service_id text not null,
  revision_id uuid not null references revision on delete cascade,
  previous_revision_id uuid,
  state text not null default 'pending',
  message text,                        -- why it failed: the probe, its last answers, the last log lines
  evidence jsonb,
  receipt jsonb,
  created_at timestamptz not null default now(),
  started_at timestamptz,
  progressed_at timestamptz,           -- the progress deadline counts from here
  ended_at timestamptz,
  foreign key (project_id, service_id) references service on delete cascade
);
create index rollout_service on rollout (project_id, service_id, created_at desc);
create unique index rollout_one_active on rollout (project_id, service_id) where state in ('pending', 'running');

create table instance (
  id text primary key,
  project_id text not null,
  service_id text not null,
  revision_id uuid not null,
  rollout_id uuid,
  state text not null default 'created',
  ready boolean not null default false,
  routed boolean not null default false,   -- the gateway acknowledged it as active
  addresses jsonb not null default '{}',
  attempt int not null default 0,          -- each restart is a new runtime instance id: "<id>.<attempt>"
  restarts int not null default 0,
  next_start_at timestamptz,               -- back-off
  crash_looping boolean not null default false,
  last_exit jsonb,
  probes jsonb not null default '{}',      -- by type: {passing, successes, failures, lastAnswers:[{at, ok, latencyMs, response}], changedAt}
  drain_deadline timestamptz,
  created_at timestamptz not null default now(),
  started_at timestamptz,
  ready_at timestamptz,
  ended_at timestamptz,
  foreign key (project_id, service_id) references service on delete cascade
);
create index instance_service on instance (project_id, service_id, state);

create table metric_sample (
  instance_id text not null,
  at timestamptz not null default now(),
  cpu_millis real not null,
  memory_bytes bigint not null,
  restarts int not null,
  primary key (instance_id, at)
);
create index metric_sample_at on metric_sample (at);

create table artifact (
  digest text primary key,
  kind text not null,
  size_bytes bigint not null,
  processes jsonb not null default '{}',
  created_at timestamptz not null default now()
);

create table build (
  project_id text not null references project on delete cascade,
  id text not null,                    -- two words and a number
  owner_kind text not null,            -- service, job
  owner_id text not null,
  branch text not null,
  pull_request_id int,
  sha text,
  message text,
  status text not null default 'QUEUED',
  request jsonb not null,              -- {url, context, overrides}
  attempts int not null default 0,     -- a build that outlives too many workers has CRASHED
  artifact_digest text references artifact,
  error jsonb,
  abort_requested boolean not null default false,
  created_by text,
  created_at timestamptz not null default now(),
  started_at timestamptz,
  concluded_at timestamptz,
  primary key (project_id, id)
);
create index build_owner on build (project_id, owner_kind, owner_id, created_at desc);

-- A rolled-back build (or image) may not be deployed to the target by an automatic trigger until a person lifts it.
create table hold (
  project_id text not null references project on delete cascade,
  target_kind text not null,
  target_id text not null,
  artifact_digest text not null,
  run_id uuid,
  reason text not null,
  created_by text,
  created_at timestamptz not null default now(),
  primary key (project_id, target_kind, target_id, artifact_digest)
);

create table job (
  project_id text not null references project on delete cascade,
  id text not null,
  kind text not null,                  -- manual, cron
  name text not null,
  description text not null default '',
  spec jsonb not null,
  tags text[] not null default '{}',
  config_version int not null default 1,
  paused boolean not null default false,
  suspended boolean not null default false,
  disabled_ci boolean not null default false,
  disabled_cd boolean not null default false,
  artifact_kind text,
  artifact_digest text,                -- what the next run runs
  source jsonb,
  build_id text,
  next_cron_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (project_id, id)
);

create table job_run (
  id uuid primary key,
  project_id text not null,
  job_id text not null,
  run_name text not null,
  status text not null default 'QUEUED',
  trigger text not null,               -- manual, cron, release-flow, source-change
  overrides jsonb not null default '{}',
  artifact_kind text,
  artifact_digest text,
  build_id text,
  attempt int not null default 0,
  failed int not null default 0,
  instance_id text,                    -- the runtime instance of the current attempt
  abort_requested boolean not null default false,
  error jsonb,
  created_by text,
  created_at timestamptz not null default now(),
  started_at timestamptz,
  deadline_at timestamptz,
  next_attempt_at timestamptz,
  concluded_at timestamptz,
  foreign key (project_id, job_id) references job on delete cascade
);
create index job_run_job on job_run (project_id, job_id, created_at desc);

create table addon (
  project_id text not null references project on delete cascade,
  id text not null,
  name text not null,
  description text not null default '',
  type text not null,
  spec jsonb not null,
  tags text[] not null default '{}',
  status text not null default 'preDeployment',
  status_message text,
  paused boolean not null default false,
  deleting boolean not null default false,
  restart_requested boolean not null default false,
  generation int not null default 1,   -- the data directory in use
  settings bytea not null,             -- sealed AddonSettings
  endpoint jsonb,                      -- as observed
  version text,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (project_id, id)
);

-- Data directories of an addon: a restore makes a new one; the old one stays until someone says otherwise.
create table addon_generation (
  project_id text not null,
  addon_id text not null,
  generation int not null,
  state text not null,                 -- active, restoring, kept, removed
  restored_from text,
  created_at timestamptz not null default now(),
  primary key (project_id, addon_id, generation),
  foreign key (project_id, addon_id) references addon on delete cascade
);

create table backup_destination (
  id text primary key,
  name text not null,
  spec jsonb not null,                 -- {type: s3, bucket, endpoint, region, prefix} or {type: folder, path}
  secret bytea,
  created_at timestamptz not null default now()
);

create table backup (
  id uuid primary key,
  project_id text not null,
  addon_id text not null,
  name text not null,
  type text not null,                  -- snapshot, dump
  compression text not null default 'gz',
  status text not null default 'scheduled',
  trigger text not null,               -- manual, schedule, release-flow
  schedule_id uuid,
  destination_id text,
  record jsonb,
  error jsonb,
  retain boolean not null default false,
  expires_at timestamptz,
  abort_requested boolean not null default false,
  created_by text,
  created_at timestamptz not null default now(),
  started_at timestamptz,
  concluded_at timestamptz,
  foreign key (project_id, addon_id) references addon on delete cascade
);
create index backup_addon on backup (project_id, addon_id, created_at desc);

create table restore (
  id uuid primary key,
  project_id text not null,
  addon_id text not null,
  backup_id uuid not null references backup on delete cascade,
  status text not null default 'scheduled',
  generation int,                      -- the new data directory
  verified jsonb,                      -- {tables, rows}
  error jsonb,
  abort_requested boolean not null default false,
  created_by text,
  created_at timestamptz not null default now(),
  started_at timestamptz,
  concluded_at timestamptz,
  foreign key (project_id, addon_id) references addon on delete cascade
);

create table backup_schedule (
  id uuid primary key,
  project_id text not null,
  addon_id text not null,
  spec jsonb not null,                 -- {backupType, scheduling{interval,minute,hour,day}, retentionTime, compressionType}
  next_at timestamptz,
  created_at timestamptz not null default now(),
  foreign key (project_id, addon_id) references addon on delete cascade
);

create table secret_group (
  project_id text not null references project on delete cascade,
  id text not null,
  name text not null,
  description text not null default '',
  spec jsonb not null,                 -- type, secretType, priority, restrictions, addonDependencies, tags: no values
  version int not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (project_id, id)
);

-- Values by version, sealed. A revision names the versions it ran with, so that a rollback can bring them back.
create table secret_version (
  project_id text not null,
  group_id text not null,
  version int not null,
  sealed bytea not null,               -- {variables, files, dockerSecretMounts}
  created_at timestamptz not null default now(),
  primary key (project_id, group_id, version),
  foreign key (project_id, group_id) references secret_group on delete cascade
);

-- A resource's own runtime and build variables and files, sealed and versioned alike.
create table own_secret (
  project_id text not null references project on delete cascade,
  owner_kind text not null,            -- service, job
  owner_id text not null,
  version int not null,
  sealed bytea not null,               -- {runtimeEnvironment, runtimeFiles, buildArguments, buildFiles}
  created_at timestamptz not null default now(),
  primary key (project_id, owner_kind, owner_id, version)
);

create table volume (
  project_id text not null references project on delete cascade,
  id text not null,
  name text not null,
  spec jsonb not null,
  tags text[] not null default '{}',
  service_id text,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (project_id, id)
);

create table pipeline (
  project_id text not null references project on delete cascade,
  id text not null,
  name text not null,
  description text not null default '',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (project_id, id)
);

create table pipeline_object (
  project_id text not null,
  pipeline_id text not null,
  object_kind text not null,           -- service, job, addon
  object_id text not null,
  stage text not null,                 -- Development, Staging, Production
  primary key (project_id, object_kind, object_id),
  foreign key (project_id, pipeline_id) references pipeline on delete cascade
);

create table release_flow (
  project_id text not null,
  pipeline_id text not null,
  stage text not null,
  document jsonb not null,
  argument_overrides bytea,            -- sealed
  version int not null default 1,
  updated_at timestamptz not null default now(),
  primary key (project_id, pipeline_id, stage),
  foreign key (project_id, pipeline_id) references pipeline on delete cascade
);

create table release_flow_version (
  project_id text not null,
  pipeline_id text not null,
  stage text not null,
  version int not null,
  document jsonb not null,
  created_by text,
  created_at timestamptz not null default now(),
  primary key (project_id, pipeline_id, stage, version),
  foreign key (project_id, pipeline_id) references pipeline on delete cascade
);

create table release_run (
  id uuid primary key,
  project_id text not null,
  pipeline_id text not null,
  stage text not null,
  number bigint generated always as identity, -- creation order, for the queue
  kind text not null default 'release', -- release, rollback
  trigger text not null default 'manual', -- manual, template; automatic: git, webhook
  rollback_of uuid,
  parent_run_id uuid,                  -- the run whose RunTemplate node started this one
  parent_path text,
  depth int not null default 0,
  name text,
  description text not null default '',
  status text not null default 'pending',
  message text,
  document jsonb not null,             -- as it was when the run was created
  flow_version int not null,
  arguments bytea,                     -- sealed: values may be secrets
  argument_names text[] not null default '{}',
  overrides jsonb not null default '{}',
  release_node_overrides jsonb not null default '{}',
  stage_before jsonb,
  stage_after jsonb,
  abort_requested boolean not null default false,
  created_by text,
  created_at timestamptz not null default now(),
  started_at timestamptz,
  concluded_at timestamptz,
  updated_at timestamptz not null default now(),
  foreign key (project_id, pipeline_id) references pipeline on delete cascade
);
create index release_run_flow on release_run (project_id, pipeline_id, stage, number desc);
create unique index release_run_child on release_run (parent_run_id, parent_path) where parent_run_id is not null;

-- One row a node of a run. `path` is "0", "0.1", "0.1#2.0" (iteration 2 of a loop at 0.1).
create table release_node (
  run_id uuid not null references release_run on delete cascade,
  path text not null,
  kind text not null,
  ref text,
  status text not null default 'waiting',
  attempt int not null default 0,
  input jsonb,                         -- the spec with references resolved, secrets masked
  state jsonb,                         -- what the node itself remembers between passes: ids of what it started
  response jsonb,                      -- data that later nodes read
  error jsonb,                         -- {code, message}
  started_at timestamptz,
  deadline_at timestamptz,
  next_attempt_at timestamptz,
  ended_at timestamptz,
  primary key (run_id, path)
);

-- Which runs to wake when something concludes: a build, a job run, a backup, a restore, a service's rollout, a run.
create table release_waiter (
  topic text not null,
  subject text not null,
  run_id uuid not null references release_run on delete cascade,
  primary key (topic, subject, run_id)
);
create index release_waiter_run on release_waiter (run_id);

create table approval (
  run_id uuid not null,
  path text not null,
  actor text not null,
  verdict text not null,               -- approved, rejected
  comment text not null default '',
  at timestamptz not null default now(),
  primary key (run_id, path, actor),
  foreign key (run_id, path) references release_node on delete cascade
);
