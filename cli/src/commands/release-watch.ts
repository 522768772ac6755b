import type { Json } from '../client.ts'
import { CliError, exitCodes } from '../exit.ts'
import { print, printJson, remark } from '../output.ts'
import { nodeLines, renderLine } from '../run-view.ts'
import type { Session } from '../session.ts'

const FINAL = new Set(['success', 'failure', 'aborted', 'skipped'])

/**
 * Prints each node when its state changes, until the run has ended. The event stream only says that something
 * changed; what is printed is read from the run itself.
 */
export async function watchRun(session: Session, flow: string, id: string): Promise<void> {
  const path = `${flow}/runs/${encodeURIComponent(id)}`
  const printed = new Map<string, string>()
  const live = session.format === 'table'
  let run = await session.client.request('GET', path)
  if (live) printChanges(run, printed)
  const controller = new AbortController()
  while (!FINAL.has(String(run.status))) {
    await nextChange(session, path, controller)
    run = await session.client.request('GET', path)
    if (live) printChanges(run, printed)
  }
  controller.abort()
  conclude(session, run)
}

const POLL_MS = 1000

/** Resolves at the next event of the run, or after a second: a lost stream only makes the view slower. */
async function nextChange(session: Session, path: string, controller: AbortController): Promise<void> {
  const timeout = AbortSignal.any([controller.signal, AbortSignal.timeout(POLL_MS)])
  try {
    for await (const _event of session.client.stream(`${path}/events?after=latest`, { signal: timeout }))
      return
  } catch (error) {
    if (timeout.aborted) return
    throw error
  }
}

function printChanges(run: Json, printed: Map<string, string>): void {
  const spec = run.spec as Parameters<typeof nodeLines>[0] | undefined
  if (spec === undefined) return
  for (const line of nodeLines(spec)) {
    if (line.status === 'waiting' || printed.get(line.path) === line.status) continue
    printed.set(line.path, line.status)
    print(renderLine(line))
  }
}

function conclude(session: Session, run: Json): void {
  if (session.format === 'json') printJson(run)
  const status = String(run.status)
  if (status === 'success') {
    remark('the run succeeded')
    return
  }
  throw new CliError(exitCodes.failed, `the run ended as ${status}${run.message ? `: ${run.message}` : ''}`)
}
