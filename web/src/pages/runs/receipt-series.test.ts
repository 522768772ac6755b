import type { RolloutReceipt } from '@fairway/contract/resources/receipt'
import { describe, expect, test } from 'vitest'
import { marksOf, seriesOf } from './receipt-series.ts'

const at = (seconds: number): string => new Date(1_700_000_000_000 + seconds * 1000).toISOString()
const counts = { newReady: 0, newRouted: 0, oldRouted: 1, oldDraining: 0, inFlight: 0, webSockets: 0 }
const sample = (until: number, spanMs: number, requests: number) => ({
  ...{ ...counts, at: at(until), spanMs, requests, failures: 0, p50Ms: null, p99Ms: null },
})
const mark = (seconds: number, instance: string, side: 'new' | 'old', what: 'ready' | 'gone') => ({
  ...{ at: at(seconds), instance, side, what },
})
const receiptOf = (parts: Partial<RolloutReceipt>) =>
  ({ startedAt: at(0), marks: [], samples: [], ...parts }) as RolloutReceipt

describe('the receipt drawn', () => {
  test('counts time from the beginning of the rollout, and breaks the line where nobody looked', () => {
    const receipt = receiptOf({ samples: [sample(1, 500, 3), sample(1.5, 500, 4), sample(9, 1000, 5)] })
    expect(seriesOf(receipt, { requests: (one) => one.requests })).toEqual({
      times: [1, 1.5, 8, 9],
      lines: [{ name: 'requests', values: [3, 4, null, 5] }],
    })
  })

  test('numbers the instances of a side that has several', () => {
    const marks = [mark(1, 'a', 'new', 'ready'), mark(2, 'b', 'new', 'ready'), mark(3, 'c', 'old', 'gone')]
    expect(marksOf(receiptOf({ marks })).map(({ words }) => words)).toEqual([
      'new 1 is ready',
      'new 2 is ready',
      'old has ended',
    ])
  })
})
