-- What Fairway tells a git host: the state of a commit, or a comment on a pull request. One row for each place at the host;
-- `wanted` is what shall stand there, `sent` what the host has confirmed.
alter table git_account
  add column reporting jsonb not null default '{"statuses": true, "comments": false}',
  add column api_url text,             -- where the host's API is, when it does not follow from base_url
  add column known_hosts text;         -- host keys of ssh servers, as seen on the first connection; not secret

create table host_report (
  id uuid primary key,
  account_id text not null references git_account on delete cascade,
  kind text not null,                  -- status, comment
  repository text not null,            -- owner/name
  target text not null,                -- a commit; of a comment: the number of a pull request
  context text not null,               -- fairway/project/service: one status a commit and one comment a pull request
  project_id text not null references project on delete cascade,
  subject_kind text not null,          -- build, release-run, trigger
  subject_id text not null,
  subject_at timestamptz not null,     -- an older subject does not overwrite what a newer one said
  wanted jsonb not null,               -- {state, description, url} or {body}
  trying jsonb,                        -- what was sent and may or may not have arrived
  sent jsonb,
  status text not null default 'pending', -- pending, sent, failed
  attempts int not null default 0,
  error text,                          -- of the last attempt
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  sent_at timestamptz,
  unique (account_id, kind, repository, target, context)
);
create index host_report_account on host_report (account_id, updated_at desc);
create index host_report_updated on host_report (updated_at);
create index trigger_verdict_started on trigger_verdict (started_kind, started_id) where started_id is not null;
-- The newest event of a pull request says which branch and commit to build of it.
create index trigger_event_pull_request on trigger_event ((event #>> '{pullRequest,id}'), number desc)
  where event #>> '{pullRequest,id}' is not null;
