import { existsSync } from 'node:fs'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { FairwayError } from '@fairway/contract/errors'
import { type CrashPoints, noCrashPoints } from '../../lib/crash-point.ts'
import type { InstanceSpec, ObservedInstance, Runtime } from '../../reconcile/runtime-port.ts'
import { type CgroupTree, createCgroups, detectCgroups, removeCgroups } from './cgroups.ts'
import { startCollector } from './collector-process.ts'
import { CommandsBeside } from './commands-beside.ts'
import { checkEnvironment, markerOf } from './environment.ts'
import { execBeside } from './exec.ts'
import { type ExitWatch, exitsFolder, watchExits } from './exit-watch.ts'
import { howItEnded } from './how-it-ended.ts'
import {
  folderOf,
  type InstanceRecord,
  listRecords,
  machineName,
  prepareFolder,
  readExit,
  readPid,
  readRecord,
  removeUnfinished,
} from './instance-folder.ts'
import { launch } from './launch.ts'
import { readLogs } from './logs.ts'
import { PortLedger } from './ports.ts'
import { isAlive, isShim, listeningPorts, residentBytes, statOf } from './proc.ts'
import { settleExit } from './settle-exit.ts'
import { killAll, membersOf, stopTree, type Tree } from './stop.ts'

export const processRuntimeCrashPoints = [
  'runtime.after-folder',
  'runtime.after-launch',
  'runtime.after-stop',
] as const

const SPAWN_DEADLINE_MS = 5000

/** Runs instances as processes of this machine. `root` holds a folder for each. */
export async function createProcessRuntime({
  root,
  crash = noCrashPoints,
  cgroups = detectCgroups(),
}: {
  root: string
  crash?: CrashPoints
  cgroups?: CgroupTree
}): Promise<Runtime> {
  await mkdir(root, { recursive: true, mode: 0o700 })
  await removeUnfinished(root, isAlive)
  const runtime = new ProcessRuntime(root, crash, cgroups)
  await runtime.adopt()
  return runtime
}

class ProcessRuntime implements Runtime {
  readonly #root: string
  readonly #crash: CrashPoints
  readonly #cgroups: CgroupTree
  readonly #ports = new PortLedger()
  readonly #usage = new Map<string, { ticks: number; at: number }>()
  readonly #watchers = new Set<(id: string) => void>()
  readonly #starting = new Map<string, Promise<ObservedInstance>>()
  readonly #stopping = new Set<string>()
  readonly #commands = new CommandsBeside()
  readonly #exits: ExitWatch
  readonly #collector: { close(): void }

  constructor(root: string, crash: CrashPoints, cgroups: CgroupTree) {
    this.#root = root
    this.#crash = crash
    this.#cgroups = cgroups
    this.#collector = startCollector(root)
    this.#exits = watchExits(root, (id) => this.#reportExit(id))
  }

  async adopt(): Promise<void> {
    for (const record of await listRecords(this.#root)) {
      this.#ports.hold(Object.values(record.ports))
      const pid = readPid(this.#root, record.id)
      if (pid !== undefined && this.#isRunning(record.id)) this.#exits.track(record.id, pid)
    }
  }

  capabilities() {
    const tree = this.#cgroups
    const remark = tree.version === 0 ? `CPU and memory limits are not enforced: ${tree.reason}.` : undefined
    return {
      name: 'process' as const,
      cpuLimits: tree.version === 2 || (tree.version === 1 && tree.cpu !== undefined),
      memoryLimits: tree.version === 2 || (tree.version === 1 && tree.memory !== undefined),
      ...(remark !== undefined && { remark }),
    }
  }

  start(spec: InstanceSpec): Promise<ObservedInstance> {
    const underWay = this.#starting.get(spec.id)
    if (underWay !== undefined) return underWay
    const started = this.#start(spec).finally(() => this.#starting.delete(spec.id))
    this.#starting.set(spec.id, started)
    return started
  }

  async #start(spec: InstanceSpec): Promise<ObservedInstance> {
    const known = readRecord(this.#root, spec.id)
    if (known !== undefined && readPid(this.#root, spec.id) !== undefined) return this.#observed(known)
    checkEnvironment(spec.env)
    const record = known ?? this.#newRecord(spec)
    try {
      if (known === undefined) await this.#prepare(record, spec)
      this.#crash.hit('runtime.after-folder')
      await launch(this.#root, record, spec)
      this.#crash.hit('runtime.after-launch')
      this.#exits.track(spec.id, await this.#appears(spec.id))
    } catch (error) {
      await this.#discard(record)
      throw error
    }
    return this.#observed(record)
  }

  async #prepare(record: InstanceRecord, spec: InstanceSpec): Promise<void> {
    for (const { name } of spec.ports) record.ports[name] = await this.#ports.take()
    record.cgroups.push(...createCgroups(this.#cgroups, machineName(this.#root, spec.id), spec.limits))
    await prepareFolder(this.#root, record, spec)
  }

  #newRecord(spec: InstanceSpec): InstanceRecord {
    if (spec.artifact.kind !== 'bundle')
      throw new FairwayError(
        'not_supported',
        'The process runtime runs bundles, not images. Use a build, or a runtime for containers.',
      )
    return {
      id: spec.id,
      labels: spec.labels,
      directory: spec.artifact.path,
      ports: {},
      cgroups: [],
      startedAt: new Date().toISOString(),
    }
  }

  /** The shim names itself in a moment; until then the instance could not be told from one never started. */
  async #appears(id: string): Promise<number> {
    const until = performance.now() + SPAWN_DEADLINE_MS
    for (;;) {
      const pid = readPid(this.#root, id)
      if (pid !== undefined) return pid
      if (performance.now() > until) {
        throw new FairwayError('runtime_failed', 'The instance did not start in time. Is the disk full?')
      }
      await new Promise((resolve) => setTimeout(resolve, 2))
    }
  }

  async list(): Promise<ObservedInstance[]> {
    const records = await listRecords(this.#root)
    const started = records.filter(({ id }) => readPid(this.#root, id) !== undefined)
    return Promise.all(started.map((record) => this.#observed(record)))
  }

  async observe(id: string): Promise<ObservedInstance | undefined> {
    const record = readRecord(this.#root, id)
    if (record === undefined || readPid(this.#root, id) === undefined) return undefined
    return this.#observed(record)
  }

  #isRunning(id: string): boolean {
    const pid = readPid(this.#root, id)
    if (pid === undefined || readExit(this.#root, id) !== undefined) return false
    return isShim(pid, folderOf(this.#root, id))
  }

  #living(id: string): { record: InstanceRecord; pid: number } | undefined {
    const record = readRecord(this.#root, id)
    const pid = readPid(this.#root, id)
    return record === undefined || pid === undefined || !this.#isRunning(id) ? undefined : { record, pid }
  }

  #tree({ id, cgroups }: InstanceRecord, shim: number): Tree {
    return {
      shim,
      folder: folderOf(this.#root, id),
      cgroups,
      marker: markerOf(machineName(this.#root, id)),
    }
  }

  async #observed(record: InstanceRecord): Promise<ObservedInstance> {
    const pid = readPid(this.#root, record.id)
    const ports = Object.entries(record.ports)
    const common = {
      id: record.id,
      labels: record.labels,
      addresses: Object.fromEntries(ports.map(([name, port]) => [name, { host: '127.0.0.1', port }])),
      startedAt: new Date(record.startedAt),
      ...(pid !== undefined && { pid }),
    }
    if (this.#isRunning(record.id)) return { ...common, state: 'running' }
    // A stop gives the rest of the tree its time.
    if (pid !== undefined && !this.#stopping.has(record.id)) await settleExit(this.#tree(record, pid))
    return { ...common, state: 'exited', ...(await howItEnded(this.#root, record)) }
  }

  async stop(id: string, graceMs: number): Promise<ObservedInstance | undefined> {
    const record = readRecord(this.#root, id)
    const pid = readPid(this.#root, id)
    if (record === undefined || pid === undefined) return undefined
    if (this.#isRunning(id)) {
      this.#stopping.add(id)
      await stopTree(this.#tree(record, pid), graceMs).finally(() => this.#stopping.delete(id))
    }
    this.#crash.hit('runtime.after-stop')
    this.#exits.untrack(id)
    this.#commands.endAll(id)
    return this.#observed(record)
  }

  async remove(id: string): Promise<void> {
    const record = readRecord(this.#root, id)
    if (record === undefined) return
    if (this.#isRunning(id))
      throw new FairwayError('invalid_state', `Instance "${id}" still runs. Stop it first.`)
    await this.#discard(record)
  }

  /** Leaves nothing: no process, group, port or file. */
  async #discard(record: InstanceRecord): Promise<void> {
    const { id, cgroups, ports } = record
    const folder = folderOf(this.#root, id)
    const pid = readPid(this.#root, id)
    // The shim may still hold the last lines for the log collector, and with them its control groups.
    if (pid !== undefined && (isShim(pid, folder) || !existsSync(join(folder, 'settled')))) {
      await killAll(() => membersOf(this.#tree(record, pid)))
    }
    await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 20 })
    await rm(join(exitsFolder(this.#root), id), { force: true })
    removeCgroups(cgroups)
    this.#ports.free(Object.values(ports))
    this.#usage.delete(id)
  }

  logs(id: string, query: Parameters<Runtime['logs']>[1]): ReturnType<Runtime['logs']> {
    return readLogs(folderOf(this.#root, id), query)
  }

  /** The command ends with the instance, even one that ends while the command is about to begin. */
  async *exec(id: string, request: Parameters<Runtime['exec']>[1]): ReturnType<Runtime['exec']> {
    const { signal: ended, done } = this.#commands.begin(id)
    try {
      const living = this.#living(id)
      if (living === undefined)
        throw new FairwayError('invalid_state', `Instance "${id}" does not run, so nothing can be run in it.`)
      const signal = request.signal === undefined ? ended : AbortSignal.any([request.signal, ended])
      yield* execBeside({ ...living.record, pid: living.pid }, { ...request, signal })
    } finally {
      done()
    }
  }

  async stats(id: string) {
    const living = this.#living(id)
    if (living === undefined) return undefined
    const members = membersOf(this.#tree(living.record, living.pid))
    const ticks = members.reduce((sum, one) => sum + (statOf(one)?.ticks ?? 0), 0)
    const now = performance.now()
    const last = this.#usage.get(id)
    this.#usage.set(id, { ticks, at: now })
    // A tick is 10 ms of processor time, so ticks a second times ten are thousandths of a core.
    const cpuMillis = last === undefined ? 0 : Math.max(0, ((ticks - last.ticks) * 10_000) / (now - last.at))
    return {
      cpuMillis,
      memoryBytes: members.reduce((sum, one) => sum + residentBytes(one), 0),
      processes: members.length,
    }
  }

  async listeningPorts(id: string): Promise<number[]> {
    const living = this.#living(id)
    return living === undefined ? [] : listeningPorts(membersOf(this.#tree(living.record, living.pid)))
  }

  watch(onExit: (id: string) => void): () => void {
    this.#watchers.add(onExit)
    return () => void this.#watchers.delete(onExit)
  }

  async #reportExit(id: string): Promise<void> {
    await this.observe(id)
    this.#commands.endAll(id)
    for (const onExit of this.#watchers) onExit(id)
  }

  async close(): Promise<void> {
    this.#exits.close()
    this.#collector.close()
  }
}
