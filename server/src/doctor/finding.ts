/** One thing that was looked at. `mend` says what to do when it is not well. */
export type Finding = {
  name: string
  status: 'ok' | 'warning' | 'failure'
  /** What was seen, in words. */
  seen: string
  mend?: string
}

export const ok = (name: string, seen: string): Finding => ({ name, status: 'ok', seen })

export const warning = (name: string, seen: string, mend: string): Finding => ({
  name,
  status: 'warning',
  seen,
  mend,
})

export const failure = (name: string, seen: string, mend: string): Finding => ({
  name,
  status: 'failure',
  seen,
  mend,
})

/** What to tell of an error of the system: its code where it has one. */
export const reasonOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error)
  const { cause } = error
  return cause instanceof Error ? `${error.message}: ${cause.message}` : error.message
}
