-- When the cache of a service's builds was last cleared: its next build uses none.
alter table service add column build_cache_cleared_at timestamptz;
