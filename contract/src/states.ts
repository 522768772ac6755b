/**
 * The state machines, as tables. A key is a state; its value lists the states it may move to.
 * A state without exits is final. Writers guard every move with `canMove`.
 */
type Moves = Record<string, readonly string[]>

export const runMoves = {
  pending: ['running', 'aborted', 'failure'],
  queued: ['running', 'aborted', 'failure', 'skipped'],
  running: ['success', 'failure', 'aborting'],
  aborting: ['aborted'],
  success: [],
  failure: ['running'], // retry from the failed node
  aborted: [],
  skipped: [],
} as const satisfies Moves
export type RunStatus = keyof typeof runMoves

export const nodeMoves = {
  waiting: ['running', 'skipped', 'aborted', 'failure', 'invalid'],
  running: [
    'success',
    'failure',
    'retrying',
    'async_wait',
    'approval_wait',
    'aborting',
    'aborted',
    'skipped',
  ],
  async_wait: ['success', 'failure', 'retrying', 'running', 'aborting', 'aborted', 'skipped'],
  approval_wait: ['success', 'failure', 'aborting', 'aborted'],
  retrying: ['running', 'failure', 'aborting', 'aborted'],
  aborting: ['aborted', 'success', 'failure'],
  success: [],
  failure: ['waiting'], // retry from the failed node
  aborted: ['waiting'],
  skipped: [],
  invalid: [],
} as const satisfies Moves
export type NodeStatus = keyof typeof nodeMoves

export const buildMoves = {
  QUEUED: ['PENDING', 'ABORTED', 'FAILURE'],
  PENDING: ['STARTING', 'ABORTED', 'FAILURE'],
  STARTING: ['CLONING', 'ABORTED', 'FAILURE', 'CRASHED'],
  CLONING: ['BUILDING', 'ABORTED', 'FAILURE', 'CRASHED', 'PENDING'],
  BUILDING: ['UPLOADING', 'ABORTED', 'FAILURE', 'CRASHED', 'PENDING'],
  UPLOADING: ['SUCCESS', 'ABORTED', 'FAILURE', 'CRASHED', 'PENDING'],
  SUCCESS: [],
  FAILURE: [],
  ABORTED: [],
  CRASHED: [],
} as const satisfies Moves
export type BuildStatus = keyof typeof buildMoves

export const rolloutMoves = {
  pending: ['running', 'superseded', 'failed'],
  running: ['completed', 'failed', 'superseded'],
  completed: [],
  failed: [],
  superseded: [],
} as const satisfies Moves
export type RolloutState = keyof typeof rolloutMoves

/** `draining`: unrouted, waiting for its connections; `stopping`: has been sent SIGTERM. */
export const instanceMoves = {
  created: ['starting', 'stopping', 'gone'],
  starting: ['running', 'crashed', 'draining', 'stopping', 'gone'],
  running: ['crashed', 'draining', 'stopping', 'gone'],
  crashed: ['starting', 'stopping', 'gone'],
  draining: ['stopping', 'gone'],
  stopping: ['gone'],
  gone: [],
} as const satisfies Moves
export type InstanceState = keyof typeof instanceMoves

export const jobRunMoves = {
  QUEUED: ['RUNNING', 'FAILED', 'ABORTED'],
  RUNNING: ['SUCCESS', 'FAILED', 'ABORTING'],
  ABORTING: ['ABORTED'],
  SUCCESS: [],
  FAILED: [],
  ABORTED: [],
} as const satisfies Moves
export type JobRunStatus = keyof typeof jobRunMoves

export const backupMoves = {
  scheduled: ['in-progress', 'aborted', 'failed'],
  'in-progress': ['completed', 'aborting', 'failed'],
  aborting: ['aborted'],
  completed: [],
  aborted: [],
  failed: [],
} as const satisfies Moves
export type BackupStatus = keyof typeof backupMoves

/** `refused`: not signed, or of a repository that the account does not speak for. */
export const triggerEventMoves = {
  pending: ['judged', 'failed'],
  judged: [],
  refused: [],
  failed: [],
} as const satisfies Moves
export type TriggerEventStatus = keyof typeof triggerEventMoves

/** `failed`: given up; a new state of what it tells of, or new credentials, open it again. */
export const hostReportMoves = {
  pending: ['sent', 'failed'],
  sent: ['pending'],
  failed: ['pending'],
} as const satisfies Moves
export type HostReportStatus = keyof typeof hostReportMoves

/** `failed`: given up, until somebody has it sent again. One that was sent may be sent again, too. */
export const notificationMoves = {
  pending: ['sent', 'failed'],
  sent: ['pending'],
  failed: ['pending'],
} as const satisfies Moves
export type NotificationStatus = keyof typeof notificationMoves

/** A draft is accepted or closed once; a published version stays what it is. */
export const templateVersionMoves = {
  draft: ['published', 'closed'],
  published: [],
  closed: [],
} as const satisfies Moves
export type TemplateVersionStatus = keyof typeof templateVersionMoves

/** `LOST`: it was there and is not any more. */
export const volumeMoves = {
  PENDING: ['BOUND', 'FAILED', 'DELETING'],
  BOUND: ['LOST', 'DELETING'],
  LOST: ['BOUND', 'DELETING'],
  FAILED: ['DELETING'],
  DELETING: [],
} as const satisfies Moves
export type VolumeStatus = keyof typeof volumeMoves

export const domainMoves = {
  pending: ['verified'],
  verified: [],
} as const satisfies Moves
export type DomainStatus = keyof typeof domainMoves

/** `failed`: nothing can be served and it is tried again; a renewal that failed leaves it `active` while it is valid. */
export const certificateMoves = {
  pending: ['issuing'],
  issuing: ['active', 'failed'],
  failed: ['issuing'],
  active: ['renewing', 'expired'],
  renewing: ['active', 'expired'],
  expired: ['renewing', 'active'],
} as const satisfies Moves
export type CertificateStatus = keyof typeof certificateMoves

export type AddonStatus =
  | 'preDeployment'
  | 'allocating'
  | 'running'
  | 'paused'
  | 'backup'
  | 'restore'
  | 'failed'
  | 'error'
  | 'deleting'
  | 'deleted'

/** Whether the table allows the move; a move to itself is not a move. */
export function canMove<T extends Moves>(table: T, from: keyof T & string, to: string): boolean {
  return (table[from] as readonly string[]).includes(to)
}

/** The states of a table that something may still happen to. */
export function unfinished<T extends Moves>(table: T): (keyof T & string)[] {
  return Object.keys(table).filter((state) => (table[state] as readonly string[]).length > 0)
}

/** The states that may move to `to`: what a guarded UPDATE names in its WHERE clause. */
export function sourcesOf<T extends Moves>(table: T, to: string): (keyof T & string)[] {
  return Object.keys(table).filter((state) => (table[state] as readonly string[]).includes(to))
}
