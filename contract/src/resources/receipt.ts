import { z } from 'zod'
import { type RolloutState, rolloutMoves } from '../states.ts'

const count = z.int().min(0)
const milliseconds = z.number().min(0)
const states = Object.keys(rolloutMoves) as [RolloutState, ...RolloutState[]]

/** What was measured in the `spanMs` before `at`. Where two samples do not meet, nobody looked. */
const receiptSample = z.object({
  at: z.string(),
  spanMs: count,
  requests: count,
  failures: count.describe('Requests that the gateway could not answer or had to break off'),
  p50Ms: milliseconds.nullable(),
  p99Ms: milliseconds.nullable(),
  newReady: count,
  newRouted: count,
  oldRouted: count,
  oldDraining: count,
  inFlight: count,
  webSockets: count,
})

const receiptMark = z.object({
  at: z.string(),
  instance: z.string(),
  side: z.enum(['new', 'old']),
  what: z.enum(['ready', 'routed', 'draining', 'crashed', 'gone']),
})

/** Null is what nobody can tell; `remarks` say why, and what the figures are worth. */
export const rolloutReceipt = z
  .object({
    path: z.string().describe('The step of the run'),
    ref: z.string().optional(),
    serviceId: z.string(),
    rolloutId: z.string(),
    state: z.enum(states),
    message: z.string().optional(),
    startedAt: z.string().optional(),
    endedAt: z.string().optional(),
    measuredBy: z.string().nullable().describe('Which gateway; null: nobody, or not yet'),
    requests: count.nullable(),
    failures: count.nullable(),
    latencyMs: z.object({ p50: milliseconds, p99: milliseconds }).nullable(),
    longestGapMs: milliseconds
      .nullable()
      .describe('The longest time in which requests waited and none succeeded; null: see gapAtMostMs'),
    gapAtMostMs: milliseconds.nullable().describe('No gap was longer than this'),
    durationMs: milliseconds.nullable(),
    drained: count.describe('Requests and sockets that old instances were allowed to finish'),
    cut: count.describe('Those that were cut when the drain budget ran out'),
    remarks: z.array(z.string()),
    samples: z.array(receiptSample),
    marks: z.array(receiptMark),
  })
  .meta({ id: 'RolloutReceipt' })

export type RolloutReceipt = z.infer<typeof rolloutReceipt>
