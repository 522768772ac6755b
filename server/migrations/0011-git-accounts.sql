-- How Fairway reaches a git host, and the webhook by which the host reaches Fairway.
create table git_account (
  id text primary key,
  name text not null,
  host text not null,                  -- github, gitlab, bitbucket, gitea, generic
  base_url text not null,              -- https://github.com; credentials go to this host only
  auth text not null,                  -- none, token, deploy-key, github-app
  spec jsonb not null default '{}',    -- {username} or {appId, installationId}; nothing secret
  secret bytea,                        -- sealed: the token or the private key
  webhook_id text not null unique,
  webhook_secret bytea not null,       -- sealed
  last_delivery_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

-- What is known of a watched repository, by its key: where its branches were when they were last looked at.
create table git_repository (
  key text primary key,
  url text not null,
  refs jsonb,                          -- {branch: sha}; null: never looked at
  polled_at timestamptz,
  webhook_at timestamptz,              -- the last delivery; while they come, polling is a safety net
  error text
);
