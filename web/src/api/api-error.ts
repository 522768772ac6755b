/** What a refused or failed request tells: the server's own sentence, and which fields break which rules. */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  /** 0: no answer at all. */
  readonly status: number
  readonly code: string
  readonly problems: readonly { field: string; rule: string }[]

  constructor(
    status: number,
    {
      message,
      id,
      problems,
    }: { message: string; id: string; problems?: readonly { field: string; rule: string }[] },
    options?: ErrorOptions,
  ) {
    super(message, options)
    this.status = status
    this.code = id
    this.problems = problems ?? []
  }
}

export const unreachable = (cause: unknown): ApiError =>
  new ApiError(
    0,
    {
      id: 'unreachable',
      message: 'Fairway does not answer. It may be restarting; this page goes on trying.',
    },
    { cause },
  )

/** One sentence for people, with the fields where there are any. */
export function sentenceOf(error: unknown): string {
  if (!(error instanceof ApiError)) return error instanceof Error ? error.message : String(error)
  const fields = error.problems
    .filter(({ rule }) => !error.message.includes(rule))
    .map(({ field, rule }) => `${field} ${rule}`)
  return fields.length === 0 ? error.message : `${error.message} ${fields.join('; ')}`
}
