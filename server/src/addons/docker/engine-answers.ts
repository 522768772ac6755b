import { engineStatusOf } from '../../lib/docker/engine.ts'

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
