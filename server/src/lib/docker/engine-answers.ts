import { hasCode } from '../has-code.ts'
import { engineStatusOf } from './engine.ts'

/** What the engine wrote about its refusal; for the log, and to tell apart what it gives one status for. */
export const engineMessage = (error: unknown): string =>
  error instanceof Error ? error.message : String(error)

/** Whether nobody answered at the engine's socket, or the answer broke off: the engine is down or restarts. */
export const isEngineGone = (error: unknown): boolean =>
  engineStatusOf(error) === undefined &&
  (hasCode(error, 'ENOENT', 'ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'EACCES') ||
    /socket hang up/.test(engineMessage(error)))

export const isAbsentThere = (error: unknown): boolean => engineStatusOf(error) === 404

export const isConflict = (error: unknown): boolean => engineStatusOf(error) === 409

/** `undefined` when the engine does not know the thing that was asked about. */
export async function ifThere<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked
  } catch (error) {
    if (isAbsentThere(error)) return undefined
    throw error
  }
}
