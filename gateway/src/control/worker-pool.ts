/**
 * The workers that carry the traffic. A worker that dies is replaced and gets every service before its first
 * connection; what asked something of it is answered, because a dead worker serves nothing old.
 */
import { type ChildProcess, fork, type SendHandle } from 'node:child_process'
import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { ServiceRoutes } from '@fairway/contract/gateway'
import { log } from '../log.ts'
import type { ToPrimary, ToWorker, WorkerReport } from '../messages.ts'
import type { GatewayOptions } from '../options.ts'
import type { PublicSocket } from './public-socket.ts'

const RESTART_DELAY_MS = 200

type Ask =
  | { type: 'apply'; routes: ServiceRoutes }
  | { type: 'remove'; key: string }
  | { type: 'report' }
  | { type: 'serve' }
  | { type: 'retire'; withinMs: number }

type Worker = {
  number: number
  child: ChildProcess
  /** It has every service. */
  prepared: boolean
  /** And takes connections. */
  serving: boolean
  waiting: Map<number, (value: WorkerReport | undefined) => void>
  gone: Promise<void>
}

export class WorkerPool {
  readonly #options: GatewayOptions
  readonly #services: () => Iterable<ServiceRoutes>
  readonly #workers = new Map<number, Worker>()
  #socket: PublicSocket | undefined
  #lastId = 0
  #ending = false

  /** `services` answers what is served now: a new worker starts with it. */
  constructor(options: GatewayOptions, services: () => Iterable<ServiceRoutes>) {
    this.#options = options
    this.#services = services
  }

  /** Resolves once every worker has every service, and waits to take connections. */
  async prepare(): Promise<void> {
    const numbers = Array.from({ length: this.#options.workers }, (_, i) => i + 1)
    await Promise.all(numbers.map((number) => this.#startWorker(number)))
  }

  /** Resolves once every worker takes connections from the socket, as do those that come after them. */
  async serve(socket: PublicSocket): Promise<void> {
    this.#socket = socket
    const prepared = [...this.#workers.values()].filter((worker) => worker.prepared)
    await Promise.all(prepared.map((worker) => this.#serve(worker, socket)))
  }

  get size(): number {
    return [...this.#workers.values()].filter((worker) => worker.serving).length
  }

  async apply(routes: ServiceRoutes): Promise<void> {
    await this.#askAll({ type: 'apply', routes })
  }

  async remove(key: string): Promise<void> {
    await this.#askAll({ type: 'remove', key })
  }

  async report(): Promise<WorkerReport[]> {
    const reports = await this.#askAll({ type: 'report' })
    return reports.flatMap((report) => (report === undefined ? [] : [report]))
  }

  /** Resolves when no worker takes connections any more; each then finishes what is under way, and ends. */
  async retire(withinMs: number): Promise<void> {
    this.#ending = true
    await this.#askAll({ type: 'retire', withinMs })
  }

  async ended(): Promise<void> {
    await Promise.all([...this.#workers.values()].map((worker) => worker.gone))
  }

  async #startWorker(number: number): Promise<void> {
    const child = forkWorker(number, this.#options)
    const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()))
    const worker: Worker = { number, child, prepared: false, serving: false, waiting: new Map(), gone }
    this.#workers.set(number, worker)
    child.once('exit', (code, signal) => this.#workerEnded(worker, code, signal))
    // Sending to a worker that just died: its exit answers those who wait.
    child.on('error', (error) => log('worker.channel', { number, reason: error.message }))
    await new Promise<void>((resolve) => {
      child.on('message', (message: ToPrimary) => {
        if (message.type === 'done') {
          settle(worker, message.id, message.value)
          return
        }
        this.#workerReady(worker).then(resolve, (error: Error) => {
          log('worker.start-failed', { number, reason: error.message })
          child.kill('SIGKILL')
        })
      })
      void gone.then(resolve)
    })
  }

  async #workerReady(worker: Worker): Promise<void> {
    await Promise.all([...this.#services()].map((routes) => this.#ask(worker, { type: 'apply', routes })))
    worker.prepared = true
    if (this.#socket !== undefined) await this.#serve(worker, this.#socket)
  }

  async #serve(worker: Worker, socket: PublicSocket): Promise<void> {
    await this.#ask(worker, { type: 'serve' }, socket)
    worker.serving = true
  }

  #workerEnded(worker: Worker, code: number | null, signal: NodeJS.Signals | null): void {
    worker.serving = false
    this.#workers.delete(worker.number)
    for (const id of [...worker.waiting.keys()]) settle(worker, id, undefined)
    if (this.#ending) return
    log('worker.ended', { number: worker.number, code, signal })
    setTimeout(() => {
      if (!this.#ending) void this.#startWorker(worker.number)
    }, RESTART_DELAY_MS)
  }

  #askAll(ask: Ask): Promise<(WorkerReport | undefined)[]> {
    return Promise.all([...this.#workers.values()].map((worker) => this.#ask(worker, ask)))
  }

  #ask(worker: Worker, ask: Ask, socket?: PublicSocket): Promise<WorkerReport | undefined> {
    this.#lastId += 1
    const id = this.#lastId
    return new Promise((resolve) => {
      worker.waiting.set(id, resolve)
      // A bare socket handle can be sent, though the types only know of servers and sockets.
      worker.child.send({ ...ask, id } satisfies ToWorker, socket as unknown as SendHandle | undefined)
    })
  }
}

function settle(worker: Worker, id: number, value: WorkerReport | undefined): void {
  worker.waiting.get(id)?.(value)
  worker.waiting.delete(id)
}

function forkWorker(number: number, options: GatewayOptions): ChildProcess {
  const extension = extname(fileURLToPath(import.meta.url))
  const entry = fileURLToPath(new URL(`../worker/main${extension}`, import.meta.url))
  return fork(entry, [JSON.stringify({ number, options })], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
}
