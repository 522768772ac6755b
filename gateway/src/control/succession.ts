/**
 * A newer gateway takes over without a refused connection. The running one starts it and gives it the public socket;
 * the newer one gets its workers ready, then asks the older one to step aside, which from there takes no change and no
 * connection and only finishes what is under way. What arrives in between waits in the kernel.
 *
 *   older:  start the successor, send it the socket      newer:  load the routes, prepare workers
 *   newer:  `step-aside`                                 older:  close the control socket, stop accepting
 *   older:  `go`                                         newer:  load the routes again, serve
 */
import { spawn } from 'node:child_process'
import { FairwayError } from '@fairway/contract/errors'
import { type SuccessorCommand, successorCommand } from '@fairway/contract/gateway'
import { log } from '../log.ts'
import type { PublicSocket } from './public-socket.ts'

type ToOlder = { type: 'step-aside' }
type ToNewer = { type: 'public-socket' } | { type: 'go' }

export function readSuccessor(body: unknown): SuccessorCommand {
  const parsed = successorCommand.safeParse(body)
  if (parsed.success) return parsed.data
  throw new FairwayError('invalid_document', 'Name the successor: execArgv, entry and args.')
}

/** `stepAside` is called when the successor is ready. A successor that fails before that changes nothing. */
export function startSuccessor(
  command: SuccessorCommand,
  socket: PublicSocket,
  stepAside: () => Promise<void>,
): void {
  const args = [...command.execArgv, command.entry, ...command.args, '--succeed=on']
  const child = spawn(process.execPath, args, {
    detached: true,
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  const tell = (message: ToNewer, handle?: PublicSocket): void => {
    child.send(message, handle as never)
  }
  child.on('error', (error) => log('successor.failed', { reason: error.message }))
  child.once('exit', (code, signal) => log('successor.ended', { code, signal }))
  child.once('message', (message: ToOlder) => {
    log('gateway.stepping-aside', { for: child.pid, message: message.type })
    stepAside().then(
      () => tell({ type: 'go' }),
      (error: Error) => log('gateway.step-aside-failed', { reason: error.message }),
    )
  })
  tell({ type: 'public-socket' }, socket)
}

export type Predecessor = {
  publicSocket: Promise<PublicSocket>
  /** Resolves when it takes nothing new any more. */
  stepAside(): Promise<void>
}

/** For a process that was started by `startSuccessor`. */
export function connectPredecessor(): Predecessor {
  const next = (type: ToNewer['type']): Promise<PublicSocket> =>
    new Promise((resolve, reject) => {
      const gone = (): void => reject(new Error('the older gateway ended before it handed over'))
      process.once('disconnect', gone)
      process.on('message', (message: ToNewer, handle: unknown) => {
        if (message.type !== type) return
        process.off('disconnect', gone)
        resolve(handle as PublicSocket)
      })
    })
  return {
    publicSocket: next('public-socket'),
    stepAside: async () => {
      const go = next('go')
      process.send?.({ type: 'step-aside' } satisfies ToOlder)
      await go
      process.removeAllListeners('message')
      process.disconnect()
    },
  }
}
