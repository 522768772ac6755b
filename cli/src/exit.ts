/** What the exit status means; printed by `fairway --help`. */
export const exitCodes = {
  ok: 0,
  /** What was watched failed: a release, a build, a job run. */
  failed: 1,
  usage: 2,
  notFound: 3,
  denied: 4,
  refused: 5,
  unreachable: 6,
} as const

/** An end with a message for people and a meaning for programs. */
export class CliError extends Error {
  override readonly name = 'CliError'
  readonly exitCode: number

  constructor(exitCode: number, message: string, options?: ErrorOptions) {
    super(message, options)
    this.exitCode = exitCode
  }
}
