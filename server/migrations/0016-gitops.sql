-- A release flow whose document is also a file on a branch of a git repository. What `base_*` name was the same on both
-- sides; whoever differs from it has changed since.
create table gitops_link (
  id uuid primary key,
  project_id text not null references project on delete cascade,
  pipeline_id text,
  stage text,
  settings jsonb not null,             -- contract: gitopsSettings
  state text not null default 'pending', -- contract: gitopsStates
  message text,                        -- why it is not in-sync
  line int,                            -- of the file
  head_sha text,                       -- the tip of the branch when it was last looked at
  base_sha text,
  base_blob text,
  base_version int,
  pushing_blob text,                   -- written before a push: how it is recognised when nobody noted that it arrived
  pushing_version int,
  pushing_sha text,
  seen_blob text,                      -- the file as it was last looked at
  seen_text text,                      -- kept only while it is not in-sync
  take text,                           -- git, fairway: how a person decided a conflict,
  take_blob text,                      -- between this file
  take_version int,                    -- and this version
  checked_at timestamptz,
  created_at timestamptz not null default now(),
  unique (project_id, pipeline_id, stage),
  foreign key (project_id, pipeline_id, stage) references release_flow on delete cascade
);
create index gitops_link_repository on gitops_link (repository_key(settings ->> 'repoUrl'));

-- The commit that a version came from, or went to.
alter table release_flow_version add column commit_sha text;
