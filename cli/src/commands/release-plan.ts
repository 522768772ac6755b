import pc from 'picocolors'
import type { Json } from '../client.ts'
import { print, valueAt } from '../output.ts'

/** A plan for people: what changes, from which version to which, and what cannot be undone. */
export function printPlan(plan: Json): void {
  const changes = (plan.changes ?? []) as Json[]
  if (changes.length === 0) print('nothing changes')
  for (const change of changes) {
    print(
      `${pc.bold(`${change.type ?? change.kind} ${change.id}`)}  ${version(change.from)} → ${version(change.to)}`,
    )
    if (change.remark !== undefined) print(`    ${pc.yellow(String(change.remark))}`)
  }
  section('steps', plan.steps)
  section('warnings', plan.warnings)
  section('cannot be undone', plan.irreversible ?? plan.notUndone)
  section('backups', plan.backups)
}

function section(title: string, entries: unknown): void {
  if (!Array.isArray(entries) || entries.length === 0) return
  print(`\n${title}:`)
  for (const entry of entries)
    print(`  - ${typeof entry === 'string' ? entry : (valueAt(entry, 'message') ?? JSON.stringify(entry))}`)
}

function version(side: unknown): string {
  if (side === undefined || side === null) return 'nothing'
  const { sha, digest, message, buildId } = side as Json
  const name = String(sha ?? buildId ?? digest ?? '?')
    .replace(/^sha256:/, '')
    .slice(0, 12)
  return message === undefined || message === null ? name : `${name} (${message})`
}
