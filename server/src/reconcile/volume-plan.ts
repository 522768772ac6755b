import type { VolumeStatus } from '@fairway/contract/states'

export type VolumeAction =
  | { do: 'make' }
  | { do: 'give-up' }
  | { do: 'move'; to: 'BOUND' | 'LOST' }
  | { do: 'remove' }
  | { do: 'note' }
  | { do: 'rest' }

/** A volume that cannot be made for this long is given up: whoever waits for it has to know. */
export const MAKE_DEADLINE_MS = 4 * 60 * 60_000

/**
 * What to do with a volume next. Pure. `exists`: whether its disk is in the store; only asked where it was made
 * once. `ageMs`: since it was asked for.
 */
export function planVolume({
  status,
  exists,
  ageMs,
}: {
  status: VolumeStatus
  exists: boolean
  ageMs: number
}): VolumeAction {
  switch (status) {
    case 'PENDING':
      return ageMs > MAKE_DEADLINE_MS ? { do: 'give-up' } : { do: 'make' }
    case 'BOUND':
      return exists ? { do: 'note' } : { do: 'move', to: 'LOST' }
    case 'LOST':
      return exists ? { do: 'move', to: 'BOUND' } : { do: 'note' }
    case 'DELETING':
      return { do: 'remove' }
    case 'FAILED':
      return { do: 'rest' }
  }
}
