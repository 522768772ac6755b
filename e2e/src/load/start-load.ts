/**
 * Constant load on a service, from a process of its own, and what became of every request. Used by the demo, the
 * end-to-end tests and the benchmarks.
 */
import { fork } from 'node:child_process'
import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { LoadOptions } from './load-clients.ts'
import type { FromLoad, ToLoad } from './load-process.ts'
import type { LoadReport } from './load-report.ts'

export type Load = {
  /** What follows belongs to this phase; the load starts in `before`. */
  mark(phase: string): void
  /** So that the closes of its WebSockets say how long after it they came. */
  drainBegan(instance: string): void
  snapshot(): Promise<LoadReport>
  /** Sends nothing more, waits for what is under way, and ends the process. */
  stop(): Promise<LoadReport>
}

export function startLoad(options: LoadOptions): Load {
  const extension = extname(fileURLToPath(import.meta.url))
  const entry = fileURLToPath(new URL(`./load-process${extension}`, import.meta.url))
  const child = fork(entry, [JSON.stringify(options)], {
    execArgv: extension === '.ts' ? ['--conditions=@fairway/source', '--import', 'tsx'] : [],
  })
  const waiting = new Map<number, { resolve(report: LoadReport): void; reject(error: Error): void }>()
  let lastId = 0
  let ended: Error | undefined

  child.on('message', ({ id, report }: FromLoad) => {
    waiting.get(id)?.resolve(report)
    waiting.delete(id)
  })
  child.once('exit', (code, signal) => {
    ended = new Error(`the load generator ended early (${signal ?? `exit ${code}`})`)
    for (const { reject } of waiting.values()) reject(ended)
    waiting.clear()
  })

  const tell = (message: ToLoad): void => {
    if (ended !== undefined) throw ended
    child.send(message)
  }
  const ask = (type: 'snapshot' | 'stop'): Promise<LoadReport> =>
    new Promise((resolve, reject) => {
      lastId += 1
      waiting.set(lastId, { resolve, reject })
      tell({ type, id: lastId })
    })

  return {
    mark: (phase) => tell({ type: 'mark', phase }),
    drainBegan: (instance) => tell({ type: 'drain-began', instance }),
    snapshot: () => ask('snapshot'),
    stop: async () => {
      const report = await ask('stop')
      child.disconnect()
      return report
    },
  }
}
