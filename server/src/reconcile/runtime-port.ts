import type { ProcessLimits } from '@fairway/contract/resources/shapes'
import type { RegistryCredentials } from './registry-port.ts'

/** Immutable, content-addressed thing an instance runs. `path` is set where the artifact lies on this host. */
export type ArtifactRef =
  | { kind: 'bundle'; digest: string; path: string }
  /** `reference` names one image for ever: `repository@sha256:…`, or the engine's own id `sha256:…` of a local build. */
  | { kind: 'image'; reference: string; credentials?: RegistryCredentials }

/** Whose instance it is. `owner` is a service, job or addon id within the project. */
export type InstanceLabels = {
  projectId: string
  ownerKind: 'service' | 'job' | 'addon'
  ownerId: string
  /** Revision id, job-run id or addon generation. */
  revision: string
}

export type InstanceFile = { path: string; contentBase64: string; mode?: number }

export type InstanceSpec = {
  /** Unique for ever: starting the same id twice starts it once. */
  id: string
  labels: InstanceLabels
  artifact: ArtifactRef
  /** Replaces an image's entry point. A runtime without entry points runs `[...entrypoint, ...command]`. */
  entrypoint?: readonly string[]
  /** The argument vector to run, without a shell. Absent: the artifact's process of type `processType`. */
  command?: readonly string[]
  processType: string
  /** Added to the runtime's own PORT. Never on a command line. */
  env: Readonly<Record<string, string>>
  files: readonly InstanceFile[]
  /** Port names the instance wants; the first one is also `$PORT`. A runtime that shares the host's network picks free ones. */
  ports: readonly { name: string; internalPort: number }[]
  limits: ProcessLimits
  /** Host names by which other workloads of the project reach it, where the runtime has networks of its own. */
  aliases?: readonly string[]
  /** Named volumes that exist already, where the runtime has them. */
  volumes?: readonly { name: string; path: string; subPath?: string }[]
  /** `uid[:gid]` or a name the image knows. */
  user?: string
  readOnlyRoot?: boolean
}

/**
 * What the runtime sees now. `exited` keeps its exit code or signal until `remove`.
 * Addresses are where this host reaches the instance, by port name.
 */
export type ObservedInstance = {
  id: string
  labels: InstanceLabels
  state: 'running' | 'exited'
  pid?: number
  addresses: Readonly<Record<string, { host: string; port: number }>>
  startedAt: Date
  exitedAt?: Date
  exitCode?: number
  signal?: string
}

export type LogLine = { at: Date; stream: 'stdout' | 'stderr' | 'system'; text: string }

export type LogQuery = { follow?: boolean; tail?: number; since?: Date; signal?: AbortSignal }

export type ExecRequest = {
  command: readonly string[]
  env?: Readonly<Record<string, string>>
  stdin?: AsyncIterable<Uint8Array>
  timeoutMs?: number
  signal?: AbortSignal
  /** `user[:group]`; a runtime without users of its own refuses it. Absent: the instance's own. */
  user?: string
  /** A terminal of this size: output comes as stdout alone. */
  tty?: TerminalSize
  /** Later sizes of the terminal. */
  resizes?: AsyncIterable<TerminalSize>
}
export type TerminalSize = { columns: number; rows: number }
export type ExecEvent =
  | { type: 'stdout' | 'stderr'; chunk: Uint8Array }
  | { type: 'exit'; exitCode: number; signal?: string }

export type InstanceStats = { cpuMillis: number; memoryBytes: number; processes: number }

export type RuntimeCapabilities = {
  name: 'process' | 'docker' | 'kubernetes'
  cpuLimits: boolean
  memoryLimits: boolean
  /** A sentence for people when a limit is not enforced here. */
  remark?: string
}

/** An instance runtime: starts and stops single instances on one host. Every call may be repeated. */
export type Runtime = {
  capabilities(): RuntimeCapabilities
  /** Starts the instance unless it was ever started; answers what is observed. */
  start(spec: InstanceSpec): Promise<ObservedInstance>
  /** Everything this runtime knows, running or exited and not yet removed. Also after a restart of Fairway. */
  list(): Promise<ObservedInstance[]>
  observe(id: string): Promise<ObservedInstance | undefined>
  /** SIGTERM to the whole process group, wait, SIGKILL after `graceMs`. Resolves when it is observed gone. */
  stop(id: string, graceMs: number): Promise<ObservedInstance | undefined>
  /** Forgets an exited instance and its files; its logs go too. */
  remove(id: string): Promise<void>
  logs(id: string, query: LogQuery): AsyncIterable<LogLine>
  exec(id: string, request: ExecRequest): AsyncIterable<ExecEvent>
  stats(id: string): Promise<InstanceStats | undefined>
  /** The TCP ports that the instance's processes listen on, where the runtime can tell: to explain a wrong port. */
  listeningPorts?(id: string): Promise<number[]>
  /** Calls back soon after an instance exits. Answers how to stop watching. */
  watch(onExit: (id: string) => void): () => void
  close(): Promise<void>
}
