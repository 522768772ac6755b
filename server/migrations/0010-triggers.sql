-- What a repository is called, whatever the form of its URL: `host/path`, without scheme, user, default port and `.git`,
-- in lower case; of a folder `file:/path`. The services of a push are found by it.
create function repository_key(url text) returns text
  language sql immutable parallel safe returns null on null input
as $$
  select case
    when url ~ '^(/|file://)'
      then 'file:' || regexp_replace(regexp_replace(url, '^file://', ''), '(\.git)?/*$', '')
    else lower(regexp_replace(regexp_replace(regexp_replace(
           case when url ~ '^[A-Za-z0-9+]+://' then regexp_replace(url, '^[A-Za-z0-9+]+://([^@/]*@)?', '')
                else regexp_replace(url, '^([^@/]*@)?([^:/]+):/*', '\2/') end,
           '^([^/:]+):(22|80|443|9418)/', '\1/'), '/+$', ''), '\.git$', ''))
  end
$$;

create index service_repository on service (repository_key(spec #>> '{vcsData,projectUrl}'));
create index job_repository on job (repository_key(spec #>> '{vcsData,projectUrl}'));

-- The ledger: every delivery, poll, API call and tick that might start something. Kept 30 days.
create table trigger_event (
  id uuid primary key,
  number bigint generated always as identity, -- order of arrival within a stream
  source text not null,                -- webhook, poll, api, cron, image
  webhook_id text,
  delivery_id text,                    -- the host's; the same when it delivers again
  part int not null default 0,         -- one delivery may move several branches
  project_id text references project on delete cascade, -- set when only this project is meant: calls, ticks, replays
  stream text not null,                -- repository and branch: events of a stream are judged one after another
  status text not null,                -- pending, judged, refused, failed
  sentence text,                       -- what became of it as a whole
  event jsonb,                         -- contract: gitEvent
  headers jsonb not null default '{}', -- those that identify the delivery; no secrets
  body bytea,                          -- sealed; absent when it was large
  body_bytes int not null default 0,
  actor text,
  replay_of uuid,
  received_at timestamptz not null default now(),
  judged_at timestamptz
);
create index trigger_event_stream on trigger_event (stream, number desc);
create unique index trigger_event_delivery on trigger_event (webhook_id, delivery_id, part) where delivery_id is not null;
create index trigger_event_pending on trigger_event (stream, number) where status = 'pending';
create index trigger_event_received on trigger_event (received_at);
create index trigger_event_number on trigger_event (number);

-- One row for each watcher that an event concerned: what it started, or what decided against it.
create table trigger_verdict (
  event_id uuid not null references trigger_event on delete cascade,
  event_number bigint not null,
  project_id text not null references project on delete cascade,
  watcher_kind text not null,          -- service, job, release-flow
  watcher_id text not null,
  started boolean not null,
  rule text,
  rule_text text,
  file text,
  commit_sha text,
  sentence text not null,
  started_kind text,                   -- build, job-run, release-run
  started_id text,
  superseded text[] not null default '{}', -- builds that waited and were aborted for this one
  primary key (event_id, project_id, watcher_kind, watcher_id)
);
create index trigger_verdict_project on trigger_verdict (project_id, event_number desc);
create index trigger_verdict_watcher on trigger_verdict (project_id, watcher_kind, watcher_id, event_number desc);
create index trigger_event_webhook on trigger_event (webhook_id, number desc) where webhook_id is not null;
