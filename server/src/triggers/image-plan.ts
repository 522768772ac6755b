import type { RefusalRule } from '@fairway/contract/resources/trigger-event'

/** What the last check of an image left. */
export type KnownImage = {
  /** `registry/repository@sha256:…` */
  digest: string | null
  /** What kept it from being deployed; null: it was deployed, or ran already. */
  rule: string | null
}

export type ImageRefusal = { rule: RefusalRule; sentence: string }

/** What a check does with what it found. Pure. */
export type ImageStep =
  | { do: 'rest' }
  /** It runs already: nothing to tell. */
  | { do: 'note' }
  | { do: 'deploy' }
  /** `isNews`: the ledger does not say so yet. */
  | { do: 'refuse'; refusal: ImageRefusal; isNews: boolean }

type Found = {
  known: KnownImage | undefined
  digest: string
  /** What the target wants to run now. */
  deployed: string | null
  refusal: ImageRefusal | undefined
}

/**
 * An image is deployed once: what was rolled back, or did not become ready, does not come back until the tag moves.
 * What was refused is deployed as soon as nothing refuses it any more.
 */
export function planImage({ known, digest, deployed, refusal }: Found): ImageStep {
  const isSame = known?.digest === digest
  if (isSame && known.rule === null) return { do: 'rest' }
  if (digest === deployed) return { do: 'note' }
  if (refusal === undefined) return { do: 'deploy' }
  return { do: 'refuse', refusal, isNews: !isSame || known.rule !== refusal.rule }
}

const LONGEST_MS = 60 * 60_000

/** When to look again: a tenth more or less, so that many do not ask at once, and ever later while it fails. */
export function nextCheckMs(intervalMs: number, failures: number, random: number): number {
  const backedOff = Math.min(intervalMs * 2 ** Math.min(failures, 20), Math.max(LONGEST_MS, intervalMs))
  return Math.round(backedOff * (0.9 + random * 0.2))
}
