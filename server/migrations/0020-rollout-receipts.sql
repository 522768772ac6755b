-- What the gateway measured while a rollout ran, second by second and finer, and when its instances came and went. Each row
-- covers the time since the one before it; a gap between two means that nobody looked.
create table rollout_sample (
  rollout_id uuid not null references rollout on delete cascade,
  at timestamptz not null,             -- end of the time it covers
  span_ms int not null,                -- how long that time is
  requests int not null,
  failures int not null,
  p50_ms real,                         -- null: no request was answered, or the gateway does not tell
  p99_ms real,
  new_ready int not null,              -- instances of the new revision that are ready
  new_routed int not null,
  old_routed int not null,             -- of any other revision
  old_draining int not null,
  in_flight int not null,              -- requests under way, over all instances
  web_sockets int not null,
  primary key (rollout_id, at)
);

create table rollout_mark (
  rollout_id uuid not null references rollout on delete cascade,
  id bigint generated always as identity,
  at timestamptz not null default clock_timestamp(),
  instance_id text not null,
  side text not null,                  -- new, old
  what text not null,                  -- ready, routed, draining, gone, crashed
  primary key (rollout_id, id)
);
-- The receipt of a run finds its rollouts by the revisions that its steps deployed.
create index rollout_revision on rollout (revision_id);
