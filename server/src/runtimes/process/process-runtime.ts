import { mkdir, rm } from 'node:fs/promises'
import { FairwayError } from '@fairway/contract/errors'
import { type CrashPoints, noCrashPoints } from '../../lib/crash-point.ts'
import type { InstanceSpec, ObservedInstance, Runtime } from '../../reconcile/runtime-port.ts'
import { type CgroupTree, createCgroups, detectCgroups, removeCgroups, wasOutOfMemory } from './cgroups.ts'
import { startCollector } from './collector-process.ts'
import { checkEnvironment } from './environment.ts'
import { execBeside } from './exec.ts'
import {
  folderOf,
  type InstanceRecord,
  listRecords,
  machineName,
  prepareFolder,
  readExit,
  readExitTime,
  readPid,
  readRecord,
} from './instance-folder.ts'
import { launch } from './launch.ts'
import { readLogs } from './logs.ts'
import { PortLedger } from './ports.ts'
import { isShim, residentBytes, statOf } from './proc.ts'
import { killAll, membersOf, stopTree } from './stop.ts'

export const processRuntimeCrashPoints = [
  'runtime.after-folder',
  'runtime.after-launch',
  'runtime.after-stop',
] as const

const WATCH_INTERVAL_MS = 250
const SPAWN_DEADLINE_MS = 5000

/** Runs instances as processes of this machine. `root` holds a folder for each. */
export async function createProcessRuntime({
  root,
  crash = noCrashPoints,
}: {
  root: string
  crash?: CrashPoints
}): Promise<Runtime> {
  await mkdir(root, { recursive: true, mode: 0o700 })
  const runtime = new ProcessRuntime(root, crash)
  await runtime.adopt()
  return runtime
}

class ProcessRuntime implements Runtime {
  readonly #root: string
  readonly #crash: CrashPoints
  readonly #cgroups: CgroupTree = detectCgroups()
  readonly #ports = new PortLedger()
  readonly #usage = new Map<string, { ticks: number; at: number }>()
  readonly #watchers = new Set<(id: string) => void>()
  readonly #running = new Set<string>()
  readonly #timer: NodeJS.Timeout
  readonly #collector: { close(): void }

  constructor(root: string, crash: CrashPoints) {
    this.#root = root
    this.#crash = crash
    this.#collector = startCollector(root)
    this.#timer = setInterval(() => this.#reportExits(), WATCH_INTERVAL_MS)
    this.#timer.unref()
  }

  async adopt(): Promise<void> {
    for (const record of await listRecords(this.#root)) {
      this.#ports.hold(Object.values(record.ports))
      if (this.#isRunning(record.id)) this.#running.add(record.id)
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

  async start(spec: InstanceSpec): Promise<ObservedInstance> {
    const known = readRecord(this.#root, spec.id)
    if (known !== undefined && readPid(this.#root, spec.id) !== undefined) return this.#observed(known)
    checkEnvironment(spec.env)
    const record = known ?? (await this.#newRecord(spec))
    if (known === undefined) await prepareFolder(this.#root, record, spec)
    this.#crash.hit('runtime.after-folder')
    await launch(this.#root, record, spec)
    this.#crash.hit('runtime.after-launch')
    await this.#appears(spec.id)
    this.#running.add(spec.id)
    return this.#observed(record)
  }

  async #newRecord(spec: InstanceSpec): Promise<InstanceRecord> {
    if (spec.artifact.kind !== 'bundle') {
      throw new FairwayError(
        'not_supported',
        'The process runtime runs bundles, not images. Use a build, or a runtime for containers.',
      )
    }
    const ports: Record<string, number> = {}
    for (const { name } of spec.ports) ports[name] = await this.#ports.take()
    return {
      id: spec.id,
      labels: spec.labels,
      directory: spec.artifact.path,
      ports,
      cgroups: createCgroups(this.#cgroups, machineName(this.#root, spec.id), spec.limits),
      startedAt: new Date().toISOString(),
    }
  }

  /** The shim names itself in a moment; until then the instance could not be told from one never started. */
  async #appears(id: string): Promise<void> {
    const until = performance.now() + SPAWN_DEADLINE_MS
    while (readPid(this.#root, id) === undefined) {
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
    const status = readExit(this.#root, record.id)
    if (status === undefined) return { ...common, state: 'exited', signal: 'SIGKILL' }
    const exitedAt = await readExitTime(this.#root, record.id)
    if (wasOutOfMemory(record.cgroups)) return { ...common, state: 'exited', exitedAt, signal: 'OOM' }
    return { ...common, state: 'exited', exitedAt, ...exitOf(status) }
  }

  async stop(id: string, graceMs: number): Promise<ObservedInstance | undefined> {
    const record = readRecord(this.#root, id)
    const pid = readPid(this.#root, id)
    if (record === undefined || pid === undefined) return undefined
    if (this.#isRunning(id) || membersOf(pid, record.cgroups).length > 0) {
      const isExitKnown = (): boolean => readExit(this.#root, id) !== undefined
      await stopTree({ shim: pid, cgroups: record.cgroups, isExitKnown }, graceMs)
    }
    this.#crash.hit('runtime.after-stop')
    this.#running.delete(id)
    return this.#observed(record)
  }

  async remove(id: string): Promise<void> {
    const record = readRecord(this.#root, id)
    if (record === undefined) return
    if (this.#isRunning(id)) {
      throw new FairwayError('invalid_state', `Instance "${id}" still runs. Stop it first.`)
    }
    await this.#endShim(id, record)
    removeCgroups(record.cgroups)
    this.#ports.free(Object.values(record.ports))
    this.#usage.delete(id)
    await rm(folderOf(this.#root, id), { recursive: true, force: true })
  }

  /** It may still hold the last lines for the log collector, and with them its control groups. */
  async #endShim(id: string, { cgroups }: InstanceRecord): Promise<void> {
    const pid = readPid(this.#root, id)
    if (pid === undefined || !isShim(pid, folderOf(this.#root, id))) return
    await killAll(() => membersOf(pid, cgroups))
  }

  logs(id: string, query: Parameters<Runtime['logs']>[1]): ReturnType<Runtime['logs']> {
    return readLogs(folderOf(this.#root, id), query)
  }

  exec(id: string, request: Parameters<Runtime['exec']>[1]): ReturnType<Runtime['exec']> {
    const record = readRecord(this.#root, id)
    const pid = readPid(this.#root, id)
    if (record === undefined || pid === undefined || !this.#isRunning(id)) {
      throw new FairwayError('invalid_state', `Instance "${id}" does not run, so nothing can be run in it.`)
    }
    return execBeside({ pid, directory: record.directory }, request)
  }

  async stats(id: string) {
    const record = readRecord(this.#root, id)
    const pid = readPid(this.#root, id)
    if (record === undefined || pid === undefined || !this.#isRunning(id)) return undefined
    const members = membersOf(pid, record.cgroups)
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

  watch(onExit: (id: string) => void): () => void {
    this.#watchers.add(onExit)
    return () => void this.#watchers.delete(onExit)
  }

  #reportExits(): void {
    for (const id of this.#running) {
      if (this.#isRunning(id)) continue
      this.#running.delete(id)
      for (const onExit of this.#watchers) onExit(id)
    }
  }

  async close(): Promise<void> {
    clearInterval(this.#timer)
    this.#collector.close()
  }
}

const SIGNALS: Readonly<Record<number, string>> = {
  1: 'SIGHUP',
  2: 'SIGINT',
  6: 'SIGABRT',
  9: 'SIGKILL',
  11: 'SIGSEGV',
  15: 'SIGTERM',
}

/** A shell reports 128 + n after signal n. */
function exitOf(status: number): { exitCode: number; signal?: string } {
  const signal = status > 128 ? SIGNALS[status - 128] : undefined
  return signal === undefined ? { exitCode: status } : { exitCode: status, signal }
}
