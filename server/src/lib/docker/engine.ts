import Docker from 'dockerode'

export type Engine = Docker

/** A client of the engine behind this socket. Nothing is asked yet. */
export const connectEngine = (socketPath: string): Engine => new Docker({ socketPath })

/** The HTTP status of an engine's refusal; undefined for anything else. */
export const engineStatusOf = (error: unknown): number | undefined =>
  error instanceof Error && 'statusCode' in error && typeof error.statusCode === 'number'
    ? error.statusCode
    : undefined
