import { FairwayError } from '@fairway/contract/errors'
import type { AddonKind } from './addon-kind.ts'

/** One major version a kind is what the images hold; data of another one would not open. */
export function requireVersion({ name, major }: AddonKind, wanted: string): void {
  if (['latest', major, `${major}-latest`].includes(wanted)) return
  throw new FairwayError(
    'not_supported',
    `${name} ${wanted} is not available here. Choose "${major}" or "latest".`,
  )
}

export function refuseOtherMajor({ name, major }: AddonKind, from: string): void {
  if (from.split('.')[0] === major) return
  throw new FairwayError(
    'restore_failed',
    `The backup is of ${name} ${from}, and this is ${name} ${major}. A snapshot restores to its own major version only.`,
  )
}
