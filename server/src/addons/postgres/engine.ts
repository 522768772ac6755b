import { readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { FairwayError } from '@fairway/contract/errors'
import { hasCode } from '../../lib/has-code.ts'
import { prepareBinaries } from '../../lib/postgres/binaries.ts'
import { type Cluster, initialise, isInitialised, openCluster } from '../../lib/postgres/cluster.ts'
import { serverIdentity } from '../../lib/postgres/identity.ts'
import { findPostmaster } from '../../lib/postgres/postmaster.ts'
import { startServer, stopServer } from '../../lib/postgres/server.ts'
import { readIfThere } from '../../lib/read-if-there.ts'
import type {
  AddonEngine,
  AddonObservation,
  AddonPlace,
  AddonSettings,
  BackupRecord,
} from '../../reconcile/addon-port.ts'
import { type BackupRequest, storeBackup } from '../store-backup.ts'
import { baseBackup } from './base-backup.ts'
import { findClientPrograms, requireClientPrograms } from './client-programs.ts'
import { dumpDatabase, loadDump } from './dump.ts'
import { ADMIN, asAdmin, ensureLogin, readEverything } from './sessions.ts'
import { readChecked, unpackSnapshot } from './snapshot.ts'

type Folders = {
  /** Holds `<project>/<addon>/g<generation>/` and `<project>/<addon>/port`. */
  data: string
  /** Where programs are copied when the package cannot be used where it lies. */
  programs: string
  /** Where to look for pg_dump and pg_restore instead of the usual folders. */
  clients?: readonly string[]
}

/**
 * PostgreSQL addons on the npm-shipped server. Servers outlive this process and are found again by their data directory.
 * The address stays: an addon's port is kept beside its generations, and whichever starts while it is free takes it.
 */
export function createPostgresEngine(folders: Folders): AddonEngine {
  return {
    type: 'postgresql',
    versions: async () => [await availableVersion(folders)],
    create: async (place, settings) => {
      await requireVersion(folders, settings.version)
      const cluster = await clusterAt(folders, place)
      await initialise(cluster, { name: ADMIN, password: settings.adminPassword })
      await start(folders, place, settings)
    },
    start: (place, settings) => start(folders, place, settings),
    observe: (place) => observe(folders, place),
    stop: (place) => stopServer({ dataDirectory: join(folderOf(folders, place), 'data') }),
    destroy: (place) => destroy(folders, place),
    backupTypes: async () => {
      const clients = await findClientPrograms(await availableVersion(folders), folders.clients)
      return clients === undefined ? ['snapshot'] : ['snapshot', 'dump']
    },
    backup: (place, request) => backup(folders, place, request),
    restore: (place, request) => restore(folders, place, request),
    logs: (place, tail) => readLogs(folderOf(folders, place), tail),
    close: async () => undefined,
  }
}

const folderOf = (folders: Folders, { projectId, addonId, generation }: AddonPlace): string =>
  join(folders.data, projectId, addonId, `g${generation}`)

const clusterAt = (folders: Folders, place: AddonPlace): Promise<Cluster> =>
  openCluster(folderOf(folders, place), folders.programs)

async function availableVersion(folders: Folders): Promise<string> {
  return (await prepareBinaries(await serverIdentity(), folders.programs)).version
}

async function requireVersion(folders: Folders, wanted: string): Promise<void> {
  const version = await availableVersion(folders)
  const [major = ''] = version.split('.')
  if (['latest', version, major, `${major}-latest`].includes(wanted)) return
  throw new FairwayError(
    'not_supported',
    `PostgreSQL ${wanted} is not available here. Choose ${version} or "latest".`,
  )
}

async function start(
  folders: Folders,
  place: AddonPlace,
  settings: AddonSettings,
): Promise<AddonObservation> {
  const cluster = await clusterAt(folders, place)
  if (!(await isInitialised(cluster)))
    throw new FairwayError(
      'runtime_failed',
      `Generation ${place.generation} of the addon has no data to start.`,
    )
  const { port } = await run(cluster)
  await ensureLogin({ port }, settings)
  return observe(folders, place)
}

/** On the addon's port if it is free: the first generation chose it, a restored one takes it over from the old one. */
async function run(cluster: Cluster): Promise<{ port: number }> {
  const portFile = join(dirname(cluster.folder), 'port')
  const wanted = await readIfThere(portFile)
  if (wanted !== undefined) await writeFile(join(cluster.folder, 'port'), wanted)
  const server = await startServer(cluster)
  if (wanted === undefined) await writeFile(portFile, `${server.port}\n`)
  await writeFile(join(cluster.folder, 'version'), cluster.binaries.version)
  return server
}

async function observe(folders: Folders, place: AddonPlace): Promise<AddonObservation> {
  const folder = folderOf(folders, place)
  if ((await readIfThere(join(folder, 'data', 'PG_VERSION'))) === undefined) return { state: 'absent' }
  const found = await findPostmaster(join(folder, 'data'))
  if (found === undefined) return { state: 'stopped' }
  if (!found.ready) return { state: 'starting' }
  const version = (await readIfThere(join(folder, 'version'))) ?? ''
  return { state: 'running', endpoint: { host: '127.0.0.1', port: found.port }, pid: found.pid, version }
}

async function destroy(folders: Folders, place: AddonPlace): Promise<void> {
  const folder = folderOf(folders, place)
  await stopServer({ dataDirectory: join(folder, 'data') })
  await rm(folder, { recursive: true, force: true })
  const addonFolder = dirname(folder)
  const left = await listIfThere(addonFolder)
  if (left.some((name) => name.startsWith('g'))) return
  await rm(addonFolder, { recursive: true, force: true })
}

async function backup(folders: Folders, place: AddonPlace, request: BackupRequest): Promise<BackupRecord> {
  const seen = await observe(folders, place)
  if (seen.state !== 'running')
    throw new FairwayError('backup_failed', 'The addon does not run. Start it, then back it up.')
  const { port } = seen.endpoint
  if (request.type === 'dump') {
    const { pgDump } = await requireClientPrograms(seen.version, folders.clients)
    return storeBackup(request, seen.version, dumpDatabase({ program: pgDump, port, ...request }))
  }
  const dataDirectory = join(folderOf(folders, place), 'data')
  return asAdmin({ port }, request.settings, (client) =>
    storeBackup(request, seen.version, baseBackup({ client, dataDirectory, signal: request.signal })),
  )
}

type RestoreRequest = Parameters<AddonEngine['restore']>[1]

async function restore(
  folders: Folders,
  place: AddonPlace,
  request: RestoreRequest,
): Promise<{ tables: number; rows: number }> {
  if ((await observe(folders, place)).state !== 'absent')
    throw new FairwayError('restore_failed', `Generation ${place.generation} of the addon exists already.`)
  const cluster = await clusterAt(folders, place)
  const isDump = request.type === 'dump'
  if (!isDump) refuseOtherMajor(request.record.engineVersion, cluster.binaries.version)
  try {
    const port = isDump ? await fromDump(folders, cluster, request) : await fromSnapshot(cluster, request)
    request.log('the data is in place; reading every table')
    return await readEverything({ port }, request.settings, request.signal)
  } catch (error) {
    await destroy(folders, place)
    throw error
  }
}

async function fromSnapshot(cluster: Cluster, request: RestoreRequest): Promise<number> {
  await unpackSnapshot(cluster, request)
  return (await run(cluster)).port
}

async function fromDump(folders: Folders, cluster: Cluster, request: RestoreRequest): Promise<number> {
  const { settings } = request
  const { pgRestore } = await requireClientPrograms(cluster.binaries.version, folders.clients)
  const content = await readChecked(request)
  await initialise(cluster, { name: ADMIN, password: settings.adminPassword })
  const { port } = await run(cluster)
  await ensureLogin({ port }, settings)
  await loadDump({ program: pgRestore, port, ...request }, content)
  return port
}

function refuseOtherMajor(from: string, to: string): void {
  if (from.split('.')[0] === to.split('.')[0]) return
  throw new FairwayError(
    'restore_failed',
    `The backup is of PostgreSQL ${from}, and this is ${to}. A snapshot restores to its own major version only.`,
  )
}

/** The newest lines of the newest log file. */
async function readLogs(folder: string, tail: number): Promise<string[]> {
  const logs = join(folder, 'data', 'log')
  const files = await Promise.all(
    (await listIfThere(logs)).map(async (name) => ({ name, at: (await stat(join(logs, name))).mtimeMs })),
  )
  const [newest] = files.sort((a, b) => b.at - a.at)
  if (newest === undefined) return []
  const lines = (await readFile(join(logs, newest.name), 'utf8')).trimEnd().split('\n')
  return lines.slice(-tail)
}

async function listIfThere(path: string): Promise<string[]> {
  try {
    return await readdir(path)
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return []
    throw error
  }
}
