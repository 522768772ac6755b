-- Who is told what happens, and what each was told.
create table notification_integration (
  id text primary key,
  name text not null,
  type text not null,                  -- RAW_WEBHOOK, SLACK, DISCORD, TEAMS, TEAMS_WORKFLOWS
  target bytea not null,               -- sealed {webhook, secret?}: the address of a chat's webhook is a secret itself
  shown text not null,                 -- as much of the address as may be shown
  restricted boolean not null default false,
  projects text[] not null default '{}',
  restrictions jsonb not null default '{"tags": {"enabled": false, "items": [], "matchCondition": "or"}}',
  events text[] not null default '{}',
  disabled_reason text,                -- null: it is on
  failing_since timestamptz,           -- of the first failed request since the last good one
  failed_requests int not null default 0,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

create table notification_delivery (
  id uuid primary key,
  integration_id text not null references notification_integration on delete cascade,
  event_id bigint,                     -- the recorded event it tells of; null: a test
  project_id text,
  event text not null,                 -- build:start
  data jsonb not null,
  status text not null default 'pending', -- pending, sent, failed
  attempts int not null default 0,
  answer jsonb,                        -- the last one: {status, text}
  error text,                          -- of the last attempt
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  sent_at timestamptz,
  unique (integration_id, event_id)
);
create index notification_delivery_newest on notification_delivery (integration_id, created_at desc);
create index notification_delivery_created on notification_delivery (created_at);
