/** One data directory of one addon. A restore makes a new generation beside the old one. */
export type AddonPlace = { projectId: string; addonId: string; generation: number }

export type AddonSettings = {
  version: string
  /** Database, user and passwords; never logged, never on a command line. */
  database: string
  username: string
  password: string
  adminPassword: string
  /** Encrypted connections only. Needs an engine with `tls`. */
  tls?: boolean
  /** What its server may use; nothing means no limit. Engines without limits ignore them. */
  limits?: { cpuMillis?: number; memoryMb?: number }
}

/** Where the addon's clients reach it. */
export type AddonEndpoint = {
  host: string
  port: number
  /** By which address this machine itself reaches it, where `host` is a name of the project's network only. */
  externalHost?: string
  /** The certificate authority to trust, as PEM; there when connections are encrypted. */
  ca?: string
}

export type AddonObservation =
  | { state: 'absent' }
  | { state: 'stopped' }
  | { state: 'starting' }
  | { state: 'running'; endpoint: AddonEndpoint; pid: number; version: string }

/** What a backup wrote, relative to its storage. */
export type BackupRecord = { key: string; sizeBytes: number; sha256: string; engineVersion: string }

/** A stream of bytes in and out of a folder or S3-compatible storage. Keys hold letters, digits, `/`, `.`, `-`. */
export type BackupStorage = {
  write(key: string, data: AsyncIterable<Uint8Array>): Promise<{ sizeBytes: number }>
  read(key: string): Promise<AsyncIterable<Uint8Array>>
  remove(key: string): Promise<void>
  exists(key: string): Promise<boolean>
}

export type AddonProgress = { log: (line: string) => void; signal: AbortSignal }

/** One kind of addon (postgresql, redis, …). Every call may be repeated. */
export type AddonEngine = {
  type: string
  /** Whether it can encrypt connections. */
  tls?: boolean
  versions(): Promise<string[]>
  /** Makes the data directory and the user unless they are there. */
  create(place: AddonPlace, settings: AddonSettings): Promise<void>
  start(place: AddonPlace, settings: AddonSettings): Promise<AddonObservation>
  observe(place: AddonPlace): Promise<AddonObservation>
  stop(place: AddonPlace): Promise<void>
  /** Removes a generation's data for good. */
  destroy(place: AddonPlace): Promise<void>
  backupTypes(): Promise<('snapshot' | 'dump')[]>
  backup(
    place: AddonPlace,
    request: {
      settings: AddonSettings
      type: 'snapshot' | 'dump'
      compression: 'gz' | 'zstd' | 'none'
      key: string
      storage: BackupStorage
    } & AddonProgress,
  ): Promise<BackupRecord>
  /** Restores into `place`, which must be absent, checks the checksum, starts it, reads every table, and leaves it running. */
  restore(
    place: AddonPlace,
    request: {
      settings: AddonSettings
      record: BackupRecord
      type: 'snapshot' | 'dump'
      storage: BackupStorage
    } & AddonProgress,
  ): Promise<{ tables: number; rows: number }>
  logs(place: AddonPlace, tail: number): Promise<string[]>
  close(): Promise<void>
}
