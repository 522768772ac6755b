import type { Generated } from 'kysely'

/**
 * The tables as kysely sees them; the truth is in `migrations/`. bigint columns are read as numbers (db.ts sets
 * the parser). jsonb columns are read as values and written as JSON strings (`toJson` in db.ts).
 */
type Json = unknown

export type WorkItemTable = {
  kind: string
  key: string
  wake_at: Generated<Date | null>
  seq: Generated<number>
  lease: Generated<string | null>
  lease_expires_at: Generated<Date | null>
  worker: Generated<string | null>
  failures: Generated<number>
}

export type WorkerTable = {
  id: string
  lock_key: number
  started_at: Generated<Date>
}

export type EventTable = {
  id: Generated<number>
  at: Generated<Date>
  project_id: Generated<string | null>
  topic: string
  subject: string
  type: string
  actor: Generated<string | null>
  data: Generated<Json>
  tx: Generated<string>
}

export type TokenTable = {
  id: string
  name: string
  hash: string
  permission: string
  created_at: Generated<Date>
  expires_at: Generated<Date | null>
  last_used_at: Generated<Date | null>
}

export type ProjectTable = {
  id: string
  name: string
  description: Generated<string>
  color: Generated<string>
  region: Generated<string>
  deleting: Generated<boolean>
  created_at: Generated<Date>
  updated_at: Generated<Date>
}

export type TagTable = {
  id: string
  name: string
  description: Generated<string>
  color: Generated<string>
  spec: Generated<Json>
  created_at: Generated<Date>
  updated_at: Generated<Date>
}

export type ServiceTable = {
  project_id: string
  id: string
  kind: string
  name: string
  description: Generated<string>
  spec: Json
  tags: Generated<string[]>
  config_version: Generated<number>
  instances: Generated<number>
  paused: Generated<boolean>
  disabled_ci: Generated<boolean>
  disabled_cd: Generated<boolean>
  deleting: Generated<boolean>
  desired_revision: Generated<string | null>
  current_revision: Generated<string | null>
  deployment_status: Generated<string>
  deployment_reason: Generated<string>
  deployment_message: Generated<string | null>
  deployment_transition_at: Generated<Date>
  gateway_generation: Generated<number>
  gateway_routes: Generated<string | null>
  build_cache_cleared_at: Generated<Date | null>
  created_at: Generated<Date>
  updated_at: Generated<Date>
}

export type ServiceConfigTable = {
  project_id: string
  service_id: string
  version: number
  spec: Json
  created_at: Generated<Date>
}

export type RevisionTable = {
  id: string
  project_id: string
  service_id: string
  number: number
  artifact_kind: string
  artifact_digest: string
  source: Json
  build_id: Generated<string | null>
  config_version: number
  config: Json
  secret_versions: Generated<Json>
  environment_hash: string
  reason: string
  restarted_from: Generated<string | null>
  created_by: Generated<string | null>
  created_at: Generated<Date>
}

export type RolloutTable = {
  id: string
  project_id: string
  service_id: string
  revision_id: string
  previous_revision_id: Generated<string | null>
  state: Generated<string>
  message: Generated<string | null>
  evidence: Generated<Json>
  receipt: Generated<Json>
  created_at: Generated<Date>
  started_at: Generated<Date | null>
  progressed_at: Generated<Date | null>
  ended_at: Generated<Date | null>
}

export type RolloutSampleTable = {
  rollout_id: string
  at: Date
  span_ms: number
  requests: number
  failures: number
  p50_ms: Generated<number | null>
  p99_ms: Generated<number | null>
  new_ready: number
  new_routed: number
  old_routed: number
  old_draining: number
  in_flight: number
  web_sockets: number
}

export type RolloutMarkTable = {
  rollout_id: string
  id: Generated<string>
  at: Generated<Date>
  instance_id: string
  side: string
  what: string
}

export type InstanceTable = {
  id: string
  project_id: string
  service_id: string
  revision_id: string
  rollout_id: Generated<string | null>
  state: Generated<string>
  ready: Generated<boolean>
  routed: Generated<boolean>
  addresses: Generated<Json>
  attempt: Generated<number>
  restarts: Generated<number>
  next_start_at: Generated<Date | null>
  crash_looping: Generated<boolean>
  last_exit: Generated<Json>
  probes: Generated<Json>
  drain_deadline: Generated<Date | null>
  created_at: Generated<Date>
  started_at: Generated<Date | null>
  ready_at: Generated<Date | null>
  ended_at: Generated<Date | null>
}

export type MetricSampleTable = {
  instance_id: string
  at: Generated<Date>
  cpu_millis: number
  memory_bytes: number
  restarts: number
}

export type ArtifactTable = {
  digest: string
  kind: string
  size_bytes: number
  processes: Generated<Json>
  created_at: Generated<Date>
}

export type BuildTable = {
  project_id: string
  id: string
  owner_kind: string
  owner_id: string
  branch: string
  pull_request_id: Generated<number | null>
  sha: Generated<string | null>
  message: Generated<string | null>
  status: Generated<string>
  request: Json
  attempts: Generated<number>
  artifact_digest: Generated<string | null>
  error: Generated<Json>
  abort_requested: Generated<boolean>
  created_by: Generated<string | null>
  created_at: Generated<Date>
  started_at: Generated<Date | null>
  concluded_at: Generated<Date | null>
}

export type HoldTable = {
  project_id: string
  target_kind: string
  target_id: string
  artifact_digest: string
  run_id: Generated<string | null>
  reason: string
  created_by: Generated<string | null>
  created_at: Generated<Date>
}

export type JobTable = {
  project_id: string
  id: string
  kind: string
  name: string
  description: Generated<string>
  spec: Json
  tags: Generated<string[]>
  config_version: Generated<number>
  paused: Generated<boolean>
  suspended: Generated<boolean>
  disabled_ci: Generated<boolean>
  disabled_cd: Generated<boolean>
  artifact_kind: Generated<string | null>
  artifact_digest: Generated<string | null>
  source: Generated<Json>
  build_id: Generated<string | null>
  next_cron_at: Generated<Date | null>
  created_at: Generated<Date>
  updated_at: Generated<Date>
}

export type JobRunTable = {
  id: string
  project_id: string
  job_id: string
  run_name: string
  status: Generated<string>
  trigger: string
  overrides: Generated<Json>
  artifact_kind: Generated<string | null>
  artifact_digest: Generated<string | null>
  build_id: Generated<string | null>
  source: Generated<Json>
  attempt: Generated<number>
  failed: Generated<number>
  instance_id: Generated<string | null>
  abort_requested: Generated<boolean>
  error: Generated<Json>
  created_by: Generated<string | null>
  created_at: Generated<Date>
  started_at: Generated<Date | null>
  deadline_at: Generated<Date | null>
  next_attempt_at: Generated<Date | null>
  concluded_at: Generated<Date | null>
}

export type AddonTable = {
  project_id: string
  id: string
  name: string
  description: Generated<string>
  type: string
  spec: Json
  tags: Generated<string[]>
  status: Generated<string>
  status_message: Generated<string | null>
  paused: Generated<boolean>
  deleting: Generated<boolean>
  restart_requested: Generated<boolean>
  generation: Generated<number>
  settings: Buffer
  endpoint: Generated<Json>
  version: Generated<string | null>
  created_at: Generated<Date>
  updated_at: Generated<Date>
}

export type AddonGenerationTable = {
  project_id: string
  addon_id: string
  generation: number
  state: string
  restored_from: Generated<string | null>
  created_at: Generated<Date>
}

export type BackupDestinationTable = {
  id: string
  name: string
  spec: Json
  secret: Generated<Buffer | null>
  created_at: Generated<Date>
}

export type RegistryCredentialTable = {
  id: string
  name: string
  provider: string
  host: string
  username: string
  secret: Buffer
  scope: Json
  restricted: Generated<boolean>
  projects: Generated<string[]>
  created_at: Generated<Date>
  updated_at: Generated<Date>
}

export type DomainTable = {
  name: string
  status: Generated<string>
  token: string
  verified_at: Generated<Date | null>
  created_at: Generated<Date>
}

export type SubdomainTable = {
  domain: string
  name: string
  full_name: string
  created_at: Generated<Date>
}

export type CertificateTable = {
  id: string
  source: string
  subject: string
  hosts: string[]
  status: Generated<string>
  version: Generated<number | null>
  attempts: Generated<number>
  reason: Generated<string | null>
  next_try_at: Generated<Date | null>
  started_at: Generated<Date | null>
  order_url: Generated<string | null>
  order_key: Generated<Buffer | null>
  domain: Generated<string | null>
  created_at: Generated<Date>
  updated_at: Generated<Date>
}

export type CertificateVersionTable = {
  certificate_id: string
  version: number
  hosts: string[]
  issuer: string
  serial: string
  fingerprint: string
  not_before: Date
  not_after: Date
  chain: string
  key: Buffer
  created_at: Generated<Date>
}

export type AcmeAccountTable = {
  directory: string
  key: Buffer
  url: Generated<string | null>
  created_at: Generated<Date>
}

export type AcmeChallengeTable = {
  token: string
  answer: string
  host: string
  certificate_id: string
  created_at: Generated<Date>
}

export type BackupTable = {
  id: string
  project_id: string
  addon_id: string
  name: string
  type: string
  compression: Generated<string>
  status: Generated<string>
  trigger: string
  schedule_id: Generated<string | null>
  destination_id: Generated<string | null>
  record: Generated<Json>
  error: Generated<Json>
  retain: Generated<boolean>
  expires_at: Generated<Date | null>
  abort_requested: Generated<boolean>
  created_by: Generated<string | null>
  created_at: Generated<Date>
  started_at: Generated<Date | null>
  concluded_at: Generated<Date | null>
}

export type RestoreTable = {
  id: string
  project_id: string
  addon_id: string
  backup_id: string
  status: Generated<string>
  generation: Generated<number | null>
  verified: Generated<Json>
  error: Generated<Json>
  abort_requested: Generated<boolean>
  created_by: Generated<string | null>
  created_at: Generated<Date>
  started_at: Generated<Date | null>
  concluded_at: Generated<Date | null>
}

export type BackupScheduleTable = {
  id: string
  project_id: string
  addon_id: string
  spec: Json
  next_at: Generated<Date | null>
  created_at: Generated<Date>
}

export type SecretGroupTable = {
  project_id: string
  id: string
  name: string
  description: Generated<string>
  spec: Json
  version: Generated<number>
  created_at: Generated<Date>
  updated_at: Generated<Date>
}

export type SecretVersionTable = {
  project_id: string
  group_id: string
  version: number
  sealed: Buffer
  created_at: Generated<Date>
}

export type OwnSecretTable = {
  project_id: string
  owner_kind: string
  owner_id: string
  version: number
  sealed: Buffer
  created_at: Generated<Date>
}

export type VolumeTable = {
  project_id: string
  id: string
  name: string
  spec: Json
  tags: Generated<string[]>
  service_id: Generated<string | null>
  status: Generated<string>
  status_message: Generated<string | null>
  disk: Generated<string | null>
  used_mb: Generated<number | null>
  source: Generated<Json>
  created_at: Generated<Date>
  updated_at: Generated<Date>
}

export type VolumeBackupTable = {
  id: string
  project_id: string
  volume_id: string
  name: string
  description: Generated<string>
  spec: Json
  status: Generated<string>
  destination_id: Generated<string | null>
  record: Generated<Json>
  error: Generated<Json>
  abort_requested: Generated<boolean>
  removing: Generated<boolean>
  created_by: Generated<string | null>
  created_at: Generated<Date>
  updated_at: Generated<Date>
  started_at: Generated<Date | null>
  concluded_at: Generated<Date | null>
}

export type PipelineTable = {
  project_id: string
  id: string
  name: string
  description: Generated<string>
  created_at: Generated<Date>
  updated_at: Generated<Date>
}

export type PipelineObjectTable = {
  project_id: string
  pipeline_id: string
  object_kind: string
  object_id: string
  stage: string
}

export type ReleaseFlowTable = {
  project_id: string
  pipeline_id: string
  stage: string
  document: Json
  argument_overrides: Generated<Buffer | null>
  version: Generated<number>
  updated_at: Generated<Date>
}

export type ReleaseFlowVersionTable = {
  project_id: string
  pipeline_id: string
  stage: string
  version: number
  document: Json
  created_by: Generated<string | null>
  created_at: Generated<Date>
  commit_sha: Generated<string | null>
}

export type GitopsLinkTable = {
  id: string
  project_id: string | null
  pipeline_id: string | null
  stage: string | null
  template_uid: Generated<string | null>
  settings: Json
  state: Generated<string>
  message: Generated<string | null>
  line: Generated<number | null>
  head_sha: Generated<string | null>
  base_sha: Generated<string | null>
  base_blob: Generated<string | null>
  base_version: Generated<number | null>
  pushing_blob: Generated<string | null>
  pushing_version: Generated<number | null>
  pushing_sha: Generated<string | null>
  seen_blob: Generated<string | null>
  seen_text: Generated<string | null>
  take: Generated<string | null>
  take_blob: Generated<string | null>
  take_version: Generated<number | null>
  checked_at: Generated<Date | null>
  created_at: Generated<Date>
}

export type TemplateTable = {
  uid: string
  project_id: string | null
  id: string
  name: string
  description: Generated<string>
  argument_overrides: Generated<Buffer | null>
  version: Generated<number | null>
  document: Generated<Json>
  created_at: Generated<Date>
  updated_at: Generated<Date>
}

export type TemplateVersionTable = {
  template_uid: string
  version: number
  status: string
  document: Json
  created_by: Generated<string | null>
  created_at: Generated<Date>
  decided_by: Generated<string | null>
  decided_at: Generated<Date | null>
  commit_sha: Generated<string | null>
}

export type ReleaseRunTable = {
  id: string
  project_id: string | null
  pipeline_id: string | null
  stage: string | null
  template_uid: Generated<string | null>
  number: Generated<number>
  kind: Generated<string>
  trigger: Generated<string>
  rollback_of: Generated<string | null>
  parent_run_id: Generated<string | null>
  parent_path: Generated<string | null>
  depth: Generated<number>
  name: Generated<string | null>
  description: Generated<string>
  status: Generated<string>
  message: Generated<string | null>
  document: Json
  flow_version: number
  arguments: Generated<Buffer | null>
  argument_names: Generated<string[]>
  overrides: Generated<Json>
  release_node_overrides: Generated<Json>
  stage_before: Generated<Json>
  stage_after: Generated<Json>
  abort_requested: Generated<boolean>
  created_by: Generated<string | null>
  created_at: Generated<Date>
  started_at: Generated<Date | null>
  concluded_at: Generated<Date | null>
  updated_at: Generated<Date>
}

export type ReleaseNodeTable = {
  run_id: string
  path: string
  kind: string
  ref: Generated<string | null>
  status: Generated<string>
  attempt: Generated<number>
  input: Generated<Json>
  state: Generated<Json>
  response: Generated<Json>
  error: Generated<Json>
  started_at: Generated<Date | null>
  deadline_at: Generated<Date | null>
  next_attempt_at: Generated<Date | null>
  ended_at: Generated<Date | null>
}

export type ReleaseWaiterTable = {
  topic: string
  subject: string
  run_id: string
}

export type ApprovalTable = {
  run_id: string
  path: string
  actor: string
  verdict: string
  comment: Generated<string>
  at: Generated<Date>
}

export type TriggerEventTable = {
  id: string
  number: Generated<number>
  source: string
  webhook_id: Generated<string | null>
  delivery_id: Generated<string | null>
  part: Generated<number>
  project_id: Generated<string | null>
  stream: string
  status: string
  sentence: Generated<string | null>
  event: Generated<Json>
  headers: Generated<Json>
  body: Generated<Buffer | null>
  body_bytes: Generated<number>
  actor: Generated<string | null>
  replay_of: Generated<string | null>
  received_at: Generated<Date>
  judged_at: Generated<Date | null>
}

export type TriggerVerdictTable = {
  event_id: string
  event_number: number
  project_id: string | null
  watcher_kind: string
  watcher_id: string
  started: boolean
  rule: Generated<string | null>
  rule_text: Generated<string | null>
  file: Generated<string | null>
  commit_sha: Generated<string | null>
  sentence: string
  started_kind: Generated<string | null>
  started_id: Generated<string | null>
  superseded: Generated<string[]>
}

export type GitAccountTable = {
  id: string
  name: string
  host: string
  base_url: string
  auth: string
  spec: Generated<Json>
  secret: Generated<Buffer | null>
  webhook_id: string
  webhook_secret: Buffer
  reporting: Generated<Json>
  api_url: Generated<string | null>
  known_hosts: Generated<string | null>
  last_delivery_at: Generated<Date | null>
  created_at: Generated<Date>
  updated_at: Generated<Date>
}

export type HostReportTable = {
  id: string
  account_id: string
  kind: string
  repository: string
  target: string
  context: string
  project_id: string
  subject_kind: string
  subject_id: string
  subject_at: Date
  wanted: Json
  trying: Generated<Json | null>
  sent: Generated<Json | null>
  status: Generated<string>
  attempts: Generated<number>
  error: Generated<string | null>
  created_at: Generated<Date>
  updated_at: Generated<Date>
  sent_at: Generated<Date | null>
}

export type NotificationIntegrationTable = {
  id: string
  name: string
  type: string
  target: Buffer
  shown: string
  restricted: boolean
  projects: string[]
  restrictions: Json
  events: string[]
  disabled_reason: string | null
  failing_since: Date | null
  failed_requests: Generated<number>
  created_at: Generated<Date>
  updated_at: Generated<Date>
}

export type NotificationDeliveryTable = {
  id: string
  integration_id: string
  event_id: number | null
  project_id: string | null
  event: string
  data: Json
  status: Generated<string>
  attempts: Generated<number>
  answer: Json | null
  error: string | null
  created_at: Generated<Date>
  updated_at: Generated<Date>
  sent_at: Date | null
}

export type GitRepositoryTable = {
  key: string
  url: string
  refs: Generated<Json>
  polled_at: Generated<Date | null>
  webhook_at: Generated<Date | null>
  error: Generated<string | null>
}

export type ReleaseFlowWebhookTable = {
  project_id: string
  pipeline_id: string
  stage: string
  token_hash: Buffer
  created_by: Generated<string | null>
  created_at: Generated<Date>
  last_used_at: Generated<Date | null>
}

export type ReleaseFlowStartTable = {
  project_id: string
  pipeline_id: string
  stage: string
  repository: string
  branch: string
  pull_request_id: number
  sha: string
  run_id: string
  started_at: Generated<Date>
}

export type ReleaseFlowCronTable = {
  project_id: string
  pipeline_id: string
  stage: string
  schedule: string
  next_at: Date
}

export type ImageFollowTable = {
  project_id: string
  target_kind: string
  target_id: string
  reference: string
  tag: Generated<string | null>
  digest: Generated<string | null>
  rule: Generated<string | null>
  error: Generated<string | null>
  failures: Generated<number>
  checked_at: Generated<Date>
}

export type Tables = {
  release_flow_webhook: ReleaseFlowWebhookTable
  release_flow_start: ReleaseFlowStartTable
  release_flow_cron: ReleaseFlowCronTable
  image_follow: ImageFollowTable
  trigger_event: TriggerEventTable
  trigger_verdict: TriggerVerdictTable
  git_account: GitAccountTable
  host_report: HostReportTable
  notification_integration: NotificationIntegrationTable
  notification_delivery: NotificationDeliveryTable
  git_repository: GitRepositoryTable
  gitops_link: GitopsLinkTable
  work_item: WorkItemTable
  worker: WorkerTable
  event: EventTable
  token: TokenTable
  project: ProjectTable
  tag: TagTable
  service: ServiceTable
  service_config: ServiceConfigTable
  revision: RevisionTable
  rollout: RolloutTable
  rollout_sample: RolloutSampleTable
  rollout_mark: RolloutMarkTable
  instance: InstanceTable
  metric_sample: MetricSampleTable
  artifact: ArtifactTable
  build: BuildTable
  hold: HoldTable
  job: JobTable
  job_run: JobRunTable
  addon: AddonTable
  addon_generation: AddonGenerationTable
  backup_destination: BackupDestinationTable
  registry_credential: RegistryCredentialTable
  domain: DomainTable
  subdomain: SubdomainTable
  certificate: CertificateTable
  certificate_version: CertificateVersionTable
  acme_account: AcmeAccountTable
  acme_challenge: AcmeChallengeTable
  backup: BackupTable
  restore: RestoreTable
  backup_schedule: BackupScheduleTable
  secret_group: SecretGroupTable
  secret_version: SecretVersionTable
  own_secret: OwnSecretTable
  volume: VolumeTable
  volume_backup: VolumeBackupTable
  pipeline: PipelineTable
  pipeline_object: PipelineObjectTable
  release_flow: ReleaseFlowTable
  release_flow_version: ReleaseFlowVersionTable
  template: TemplateTable
  template_version: TemplateVersionTable
  release_run: ReleaseRunTable
  release_node: ReleaseNodeTable
  release_waiter: ReleaseWaiterTable
  approval: ApprovalTable
}
