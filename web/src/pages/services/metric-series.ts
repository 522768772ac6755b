export type Sample = {
  at: string
  container: string
  cpuMillis: number
  memoryBytes: number
  restarts: number
}

/** One line an instance over common times; `values[i]` belongs to `times[i]`, seconds since 1970. */
export type Series = { times: number[]; lines: { name: string; values: (number | null)[] }[] }

/** Pure. An instance that was not there at a time has no value then, rather than zero. */
export function seriesOf(samples: readonly Sample[], pick: (sample: Sample) => number): Series {
  const times = [...new Set(samples.map(({ at }) => at))].sort()
  const places = new Map(times.map((at, index) => [at, index]))
  const lines = new Map<string, (number | null)[]>()
  for (const sample of samples) {
    const values = lines.get(sample.container) ?? new Array<number | null>(times.length).fill(null)
    values[places.get(sample.at) ?? 0] = pick(sample)
    lines.set(sample.container, values)
  }
  return {
    times: times.map((at) => Date.parse(at) / 1000),
    lines: [...lines].map(([name, values]) => ({ name: name.slice(0, 8), values })),
  }
}
