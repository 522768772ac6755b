import Table from 'cli-table3'
import pc from 'picocolors'

export type Format = 'table' | 'json'

export const print = (text: string): void => void process.stdout.write(`${text}\n`)
/** For people only: progress and remarks never mix with what programs read. */
export const remark = (text: string): void => void process.stderr.write(`${text}\n`)

export const printJson = (value: unknown): void => print(JSON.stringify(value, null, 2))

/** Columns by title; cells are read by dotted path. */
export type Columns = Readonly<Record<string, string>>

export function printTable(rows: readonly Record<string, unknown>[], columns: Columns): void {
  if (rows.length === 0) {
    remark('nothing here yet')
    return
  }
  const plain = { mid: '', 'top-mid': '', top: '', bottom: '', left: '', right: '', middle: '  ' }
  const table = new Table({
    head: Object.keys(columns),
    style: { head: process.stdout.isTTY ? ['bold'] : [], border: [], 'padding-left': 0, 'padding-right': 0 },
    chars: {
      ...plain,
      'top-left': '',
      'top-right': '',
      'bottom-mid': '',
      'bottom-left': '',
      'bottom-right': '',
      'left-mid': '',
      'mid-mid': '',
      'right-mid': '',
    },
  })
  for (const row of rows) table.push(Object.values(columns).map((path) => cell(valueAt(row, path))))
  print(table.toString())
}

/** One resource as `field  value` lines. */
export function printFields(value: Record<string, unknown>): void {
  const width = Math.max(...Object.keys(value).map((key) => key.length))
  for (const [key, field] of Object.entries(value)) print(`${pc.bold(key.padEnd(width))}  ${cell(field)}`)
}

export function valueAt(value: unknown, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>((at, part) => (at as Record<string, unknown> | undefined)?.[part], value)
}

function cell(value: unknown): string {
  if (value === undefined || value === null) return '–'
  if (typeof value === 'object') return JSON.stringify(value)
  return coloured(String(value))
}

const GOOD = /^(success|SUCCESS|running|COMPLETED|TASK_RUNNING|completed|healthy)$/
const BAD = /^(failure|FAILURE|FAILED|failed|TASK_FAILED|aborted|ABORTED|CRASHED|error)$/

export function coloured(text: string): string {
  if (GOOD.test(text)) return pc.green(text)
  if (BAD.test(text)) return pc.red(text)
  return text
}
