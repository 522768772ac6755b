/**
 * Every error the product can raise: its HTTP status, by code.
 *
 * The code is stable and for programs; the public message is one sentence that says what to do;
 * `detail` is for the log only and never leaves the server.
 */
export const errorCatalogue = {
  invalid_request: 400,
  malformed_json: 400,
  invalid_document: 400,
  invalid_reference: 400,
  invalid_git_url: 400,
  invalid_path: 400,
  unauthorized: 401,
  forbidden: 403,
  not_found: 404,
  name_taken: 409,
  conflict: 409,
  invalid_state: 409,
  held: 409,
  run_forbidden: 409,
  body_too_large: 413,
  unsupported_media_type: 415,
  rate_limited: 429,
  internal: 500,
  not_supported: 501,
  database_unavailable: 503,
  disk_full: 507,
  // Raised by workers rather than by requests; they end up on a run, a build or an instance.
  lease_lost: 500,
  build_failed: 422,
  repository_unreachable: 422,
  commit_not_found: 422,
  image_not_found: 422,
  image_denied: 422,
  image_platform: 422,
  registry_unreachable: 422,
  certificate_failed: 422,
  host_unreachable: 422,
  host_refused: 422,
  job_failed: 422,
  backup_failed: 422,
  restore_failed: 422,
  rollout_failed: 422,
  timed_out: 422,
  aborted: 422,
  runtime_failed: 500,
  traffic_failed: 500,
} as const

export type ErrorCode = keyof typeof errorCatalogue

/** One broken rule of a request: the field as a dotted path and the rule in words. */
export type FieldProblem = { field: string; rule: string }

export type ErrorOptions = {
  /** For the log only. */
  detail?: string
  /** Shown to the caller: which fields break which rules. */
  problems?: readonly FieldProblem[]
  /** Extra machine-readable data shown to the caller. */
  data?: Record<string, unknown>
  cause?: unknown
}

/** The only error class that crosses a module boundary. `message` is the public sentence. */
export class FairwayError extends Error {
  override readonly name = 'FairwayError'
  readonly code: ErrorCode
  readonly status: number
  readonly detail: string | undefined
  readonly problems: readonly FieldProblem[]
  readonly data: Record<string, unknown>

  constructor(code: ErrorCode, message: string, options: ErrorOptions = {}) {
    super(message, options.cause === undefined ? {} : { cause: options.cause })
    this.code = code
    this.status = errorCatalogue[code]
    this.detail = options.detail
    this.problems = options.problems ?? []
    this.data = options.data ?? {}
  }
}

export const notFound = (what: string, id: string): FairwayError =>
  new FairwayError('not_found', `There is no ${what} "${id}". Check the id, or list what exists.`)

export const invalid = (field: string, rule: string): FairwayError =>
  new FairwayError('invalid_request', `${field}: ${rule}`, { problems: [{ field, rule }] })
