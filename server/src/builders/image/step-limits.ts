import { readdir, readFile, writeFile } from 'node:fs/promises'
import type { ProcessLimits } from '@fairway/contract/resources/shapes'
import { hasCode } from '../../lib/has-code.ts'

/**
 * Limits for the steps of one build. BuildKit has none of its own that every engine knows, and ignores a control group
 * that it is told, so the steps are found among this machine's processes and their own control groups limited. A step
 * is known by a host name that stands in its NO_PROXY: BuildKit hands that variable to every step, and neither its
 * cache nor the image's history knows it.
 */
export type StepLimits = {
  /** The build argument NO_PROXY that makes the steps known. */
  noProxy: string
  /** Ends the watch. */
  stop(): Promise<void>
}

export type Watching = {
  limits: ProcessLimits
  /** Of this build alone. */
  id: string
  /** What the build was to have as NO_PROXY anyway. */
  noProxy: string | undefined
  /** HOME of the build's own commands: they are no steps. */
  home: string
  log: (line: string) => void
}

const INTERVAL_MS = 100
/** How often a new process is looked at before it is known to be no step. */
const LOOKS = 5

/** Watches for the steps of a build until `stop`. */
export function limitSteps({ limits, id, noProxy, home, log }: Watching): StepLimits {
  const mark = `fairway-build-${id}.invalid`
  const watch = new StepWatch({ mark, home, limits, log })
  return {
    noProxy: noProxy === undefined || noProxy === '' ? mark : `${noProxy},${mark}`,
    stop: () => watch.stop(),
  }
}

type WatchOptions = Pick<Watching, 'limits' | 'home' | 'log'> & { mark: string }

class StepWatch {
  readonly #options: WatchOptions
  readonly #looks = new Map<string, number>()
  readonly #limited = new Set<string>()
  readonly #timer: NodeJS.Timeout
  #looking: Promise<void> | undefined
  #failed = false

  constructor(options: WatchOptions) {
    this.#options = options
    this.#timer = setInterval(() => {
      this.#looking ??= this.#look()
        .catch((error: unknown) => this.#giveUp(error))
        .finally(() => {
          this.#looking = undefined
        })
    }, INTERVAL_MS)
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer)
    await this.#looking
  }

  /** The build goes on without limits, and says so. */
  #giveUp(error: unknown): void {
    clearInterval(this.#timer)
    if (!this.#failed)
      this.#options.log(`Warning: the limits of this build are not enforced: ${String(error)}`)
    this.#failed = true
  }

  async #look(): Promise<void> {
    const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
    const alive = new Set(pids)
    for (const pid of this.#looks.keys()) if (!alive.has(pid)) this.#looks.delete(pid)
    for (const pid of pids) await this.#lookAt(pid)
  }

  async #lookAt(pid: string): Promise<void> {
    const looks = this.#looks.get(pid) ?? 0
    if (looks >= LOOKS) return
    const groups = await readOfProcess(pid, 'cgroup')
    const writes = groups === undefined ? [] : limitWrites(groups, this.#options.limits)
    const [first] = writes
    // A step's process is in its group a moment before it has the step's environment.
    if (first === undefined) this.#looks.set(pid, looks + 1)
    else if (!this.#limited.has(first.file) && (await this.#isStep(pid))) {
      for (const write of writes) await apply(write)
      this.#limited.add(first.file)
      if (this.#limited.size === 1) this.#options.log(limitSentence(this.#options.limits))
    }
  }

  async #isStep(pid: string): Promise<boolean> {
    const { mark, home } = this.#options
    const entries = ((await readOfProcess(pid, 'environ')) ?? '').split('\0')
    return (
      entries.some((entry) => /^no_proxy=/i.test(entry) && entry.endsWith(mark)) &&
      !entries.includes(`HOME=${home}`)
    )
  }
}

const limitSentence = ({ cpuMillis, memoryMb }: ProcessLimits): string => {
  const parts = [
    ...(cpuMillis === undefined ? [] : [`${cpuMillis / 1000} processors`]),
    ...(memoryMb === undefined ? [] : [`${memoryMb} MB of memory`]),
  ]
  return `Each step of this build may use ${parts.join(' and ')}.`
}

async function readOfProcess(pid: string, what: string): Promise<string | undefined> {
  try {
    return await readFile(`/proc/${pid}/${what}`, 'utf8')
  } catch (error) {
    // Gone meanwhile, or of another user.
    if (hasCode(error, 'ENOENT', 'ESRCH', 'EACCES', 'EPERM')) return undefined
    throw error
  }
}

export type LimitWrite = { file: string; value: string; optional: boolean }

const MB = 1024 * 1024
const PERIOD_US = 100_000

/**
 * What to write for limits, from `/proc/<pid>/cgroup` of a process of a step; nothing when it is in no group of
 * BuildKit. Both versions of control groups. Pure.
 */
export function limitWrites(groups: string, { cpuMillis, memoryMb }: ProcessLimits): LimitWrite[] {
  const paths = new Map<string, string>()
  for (const line of groups.split('\n')) {
    const [, controllers, path] = /^\d+:([^:]*):(.*)$/.exec(line) ?? []
    if (controllers === undefined || path === undefined || !/\/buildkit[/-]/.test(path)) continue
    for (const controller of controllers.split(',')) paths.set(controller, path)
  }
  const quota = cpuMillis === undefined ? undefined : Math.round((cpuMillis * PERIOD_US) / 1000)
  const bytes = memoryMb === undefined ? undefined : memoryMb * MB
  const { memory, cpu, unified } = {
    memory: paths.get('memory'),
    cpu: paths.get('cpu'),
    unified: paths.get(''),
  }
  return [
    ...(bytes === undefined ? [] : memoryWrites({ memory, unified }, bytes)),
    ...(quota === undefined ? [] : cpuWrites({ cpu, unified }, quota)),
  ]
}

const ROOT = '/sys/fs/cgroup'
const must = (file: string, value: number | string): LimitWrite => ({
  file,
  value: String(value),
  optional: false,
})
/** Kernels without accounting of swap do not have the file. */
const may = (file: string, value: number | string): LimitWrite => ({
  file,
  value: String(value),
  optional: true,
})

function memoryWrites(
  { memory, unified }: { memory: string | undefined; unified: string | undefined },
  bytes: number,
): LimitWrite[] {
  if (memory !== undefined) {
    const folder = `${ROOT}/memory${memory}`
    return [
      must(`${folder}/memory.limit_in_bytes`, bytes),
      may(`${folder}/memory.memsw.limit_in_bytes`, bytes),
    ]
  }
  if (unified === undefined) return []
  return [must(`${ROOT}${unified}/memory.max`, bytes), may(`${ROOT}${unified}/memory.swap.max`, 0)]
}

function cpuWrites(
  { cpu, unified }: { cpu: string | undefined; unified: string | undefined },
  quota: number,
): LimitWrite[] {
  if (cpu !== undefined) {
    const folder = `${ROOT}/cpu${cpu}`
    return [must(`${folder}/cpu.cfs_period_us`, PERIOD_US), must(`${folder}/cpu.cfs_quota_us`, quota)]
  }
  return unified === undefined ? [] : [must(`${ROOT}${unified}/cpu.max`, `${quota} ${PERIOD_US}`)]
}

async function apply({ file, value, optional }: LimitWrite): Promise<void> {
  try {
    await writeFile(file, value)
  } catch (error) {
    // The step has ended.
    if (hasCode(error, 'ENOENT', 'ENODEV')) return
    if (!optional) throw error
  }
}

/** Why limits of builds are not enforced on this machine; undefined when they are. */
export async function limitsRemark(): Promise<string | undefined> {
  const names = await Promise.all(
    (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map((pid) => readOfProcess(pid, 'comm')),
  )
  if (!names.some((name) => name?.trim() === 'dockerd'))
    return 'CPU and memory limits of builds are not enforced: the processes of the Docker Engine cannot be seen from here.'
  if (process.getuid?.() !== 0)
    return 'CPU and memory limits of builds are not enforced: Fairway does not run as root.'
  return undefined
}
