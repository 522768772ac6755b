import type { RolloutReceipt } from '@fairway/contract/resources/receipt'

type Sample = RolloutReceipt['samples'][number]
export type Series = { times: number[]; lines: { name: string; values: (number | null)[] }[] }
export type Mark = { at: number; side: 'new' | 'old'; words: string }

/** Samples that end and begin so near to each other leave nothing out. */
const MEETS_MS = 50

/** When a rollout began, in milliseconds since 1970: what its times are counted from. */
export function beginningOf({ startedAt, samples }: RolloutReceipt): number {
  const [first] = samples
  if (startedAt !== undefined) return Date.parse(startedAt)
  return first === undefined ? 0 : Date.parse(first.at) - first.spanMs
}

/** Pure. Seconds since the rollout began, and lines over them; broken where nobody looked. */
export function seriesOf(
  receipt: RolloutReceipt,
  lines: Readonly<Record<string, (sample: Sample) => number | null>>,
): Series {
  const beginning = beginningOf(receipt)
  const points = receipt.samples.flatMap((sample, index) => {
    const point = { time: (Date.parse(sample.at) - beginning) / 1000, sample }
    const before = receipt.samples[index - 1]
    if (before === undefined || startOf(sample) - Date.parse(before.at) <= MEETS_MS) return [point]
    return [{ time: (startOf(sample) - beginning) / 1000, sample: undefined }, point]
  })
  return {
    times: points.map(({ time }) => time),
    lines: Object.entries(lines).map(([name, read]) => ({
      name,
      values: points.map(({ sample }) => (sample === undefined ? null : read(sample))),
    })),
  }
}

const startOf = ({ at, spanMs }: Sample): number => Date.parse(at) - spanMs

export const perSecond = (count: number, { spanMs }: Sample): number | null =>
  spanMs === 0 ? null : (count * 1000) / spanMs

const WORDS: Readonly<Record<RolloutReceipt['marks'][number]['what'], string>> = {
  ready: 'is ready',
  routed: 'takes requests',
  draining: 'drains',
  crashed: 'crashed',
  gone: 'has ended',
}

/** Pure. Who came and went, in seconds since the rollout began; the instances of a side are numbered as they appear. */
export function marksOf(receipt: RolloutReceipt): Mark[] {
  const beginning = beginningOf(receipt)
  const ids = (side: 'new' | 'old') => [
    ...new Set(receipt.marks.filter((mark) => mark.side === side).map(({ instance }) => instance)),
  ]
  const known = { new: ids('new'), old: ids('old') }
  return receipt.marks.map(({ at, instance, side, what }) => {
    const number = known[side].length > 1 ? ` ${known[side].indexOf(instance) + 1}` : ''
    return { at: (Date.parse(at) - beginning) / 1000, side, words: `${side}${number} ${WORDS[what]}` }
  })
}
