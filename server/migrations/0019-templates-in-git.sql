-- A template may be linked to a file like a release flow; one of the team belongs to no project.
alter table gitops_link
  alter column project_id drop not null,
  add column template_uid uuid unique references template on delete cascade,
  add constraint gitops_link_owner check (
    case when template_uid is null
         then project_id is not null and pipeline_id is not null and stage is not null
         else pipeline_id is null and stage is null end);

-- The commit that a version came from, or went to.
alter table template_version add column commit_sha text;

-- What became of pushes to the files of team templates belongs to no project.
alter table trigger_verdict drop constraint trigger_verdict_pkey;
alter table trigger_verdict alter column project_id drop not null;
create unique index trigger_verdict_key
  on trigger_verdict (event_id, (coalesce(project_id, '')), watcher_kind, watcher_id);
