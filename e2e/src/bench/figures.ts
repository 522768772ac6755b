/** The figure below which the share `q` of the values lies. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(sorted.length * q) - 1)] ?? 0
}

export const median = (values: readonly number[]): number => quantile(values, 0.5)

/** Prints a table of figures, aligned, with a title. */
export function printFigures(title: string, rows: readonly Record<string, string | number>[]): void {
  const columns = Object.keys(rows[0] ?? {})
  const text = rows.map((row) => columns.map((column) => String(row[column] ?? '')))
  const widths = columns.map((column, i) =>
    Math.max(column.length, ...text.map((row) => (row[i] ?? '').length)),
  )
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(' | ')} |`
  const out = [
    `\n### ${title}\n`,
    line(columns),
    line(widths.map((width) => '-'.repeat(width))),
    ...text.map(line),
  ]
  process.stdout.write(`${out.join('\n')}\n`)
}

export const ms = (value: number): string => `${value.toFixed(value < 10 ? 2 : 0)} ms`
