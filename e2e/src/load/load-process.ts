/** The child process of `startLoad`: told by messages, so that measuring does not share an event loop. */
import { type LoadOptions, startClients } from './load-clients.ts'
import { type LoadReport, LoadTally } from './load-report.ts'

export type ToLoad =
  | { type: 'mark'; phase: string }
  | { type: 'drain-began'; instance: string }
  | { type: 'snapshot'; id: number }
  | { type: 'stop'; id: number }
export type FromLoad = { id: number; report: LoadReport }

const tally = new LoadTally(performance.now())
const clients = startClients(JSON.parse(process.argv[2] ?? '') as LoadOptions, tally)

const answer = (id: number): void => {
  process.send?.({ id, report: tally.report(performance.now()) } satisfies FromLoad)
}

process.on('message', (message: ToLoad) => {
  switch (message.type) {
    case 'mark':
      tally.mark(message.phase)
      return
    case 'drain-began':
      tally.drainBegan(performance.now(), message.instance)
      return
    case 'snapshot':
      answer(message.id)
      return
    case 'stop':
      void clients.stop().then(() => answer(message.id))
  }
})
// Whoever wanted the figures is gone.
process.on('disconnect', () => process.exit(0))
