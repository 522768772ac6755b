-- The repositories whose pushes may start a flow, by name; see `repository_key`. Bound to it when it is made: an index
-- calls it with no search path.
create function flow_repositories(document jsonb) returns text[]
  language sql immutable parallel safe returns null on null input
begin atomic
  select coalesce(array_agg(distinct repository_key(t ->> 'repoUrl')), '{}')
    from jsonb_array_elements(
      case jsonb_typeof(document -> 'triggers') when 'array' then document -> 'triggers' else '[]' end) t
   where t ? 'repoUrl';
end;
create index release_flow_repositories on release_flow using gin (flow_repositories(document));

-- The commit of each branch or pull request that started a flow last: what the changed files of the next push are counted from.
create table release_flow_start (
  project_id text not null,
  pipeline_id text not null,
  stage text not null,
  repository text not null,            -- repository_key
  branch text not null,
  pull_request_id bigint not null,     -- 0: a push
  sha text not null,
  run_id uuid not null,
  started_at timestamptz not null default now(),
  primary key (project_id, pipeline_id, stage, repository, branch, pull_request_id),
  foreign key (project_id, pipeline_id, stage) references release_flow on delete cascade
);

-- A secret address that starts a flow. Only a hash of the token is kept: it is shown once.
create table release_flow_webhook (
  project_id text not null,
  pipeline_id text not null,
  stage text not null,
  token_hash bytea not null unique,    -- sha256
  created_by text,
  created_at timestamptz not null default now(),
  last_used_at timestamptz,
  primary key (project_id, pipeline_id, stage),
  foreign key (project_id, pipeline_id, stage) references release_flow on delete cascade
);

-- When a flow is due. A row whose schedule is not that of the document is out of date.
create table release_flow_cron (
  project_id text not null,
  pipeline_id text not null,
  stage text not null,
  schedule text not null,
  next_at timestamptz not null,
  primary key (project_id, pipeline_id, stage),
  foreign key (project_id, pipeline_id, stage) references release_flow on delete cascade
);

-- What is known of the image that a service or job follows. A row for another reference is out of date.
create table image_follow (
  project_id text not null references project on delete cascade,
  target_kind text not null,           -- service, job
  target_id text not null,
  reference text not null,             -- imagePath, and the rule by which its tag is chosen
  tag text,                            -- the tag that was chosen last
  digest text,                         -- registry/repository@sha256:…: what it pointed at
  rule text,                           -- what kept it from being deployed; null: it was deployed, or runs already
  error text,
  failures int not null default 0,
  checked_at timestamptz not null default now(),
  primary key (project_id, target_kind, target_id)
);
