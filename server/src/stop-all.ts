import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { stopGateway } from './app-traffic.ts'
import { type Config, readConfig } from './config.ts'
import { foldersOf } from './data-folders.ts'
import { readInstallation } from './installation/open-installation.ts'
import { removeFromEngine, stopOnEngine } from './installation/stop-on-engine.ts'
import { stopServer } from './lib/postgres/server.ts'
import { stopCollector } from './runtimes/process/collector-process.ts'
import { createProcessRuntime } from './runtimes/process/process-runtime.ts'

/**
 * Ends what outlives the control plane: the instances, the gateway, the addons and the database of one data folder.
 * The control plane itself must have been stopped before; data stays. `--remove` also removes what lies outside of
 * the data folder: the containers, volumes, networks and images of this installation. What cannot be ended does not
 * keep the rest running. Answers why each of those could not be ended.
 */
async function stopAll(remove: boolean): Promise<unknown[]> {
  const config = readConfig()
  const installation = await readInstallation(config.dataFolder)
  const ends = [
    () => stopGateway(config, installation?.gateway ?? 'embedded'),
    () =>
      installation?.runtime === 'docker'
        ? (remove ? removeFromEngine : stopOnEngine)(config.docker.socket, installation.id)
        : stopProcesses(config),
    () => stopServer({ dataDirectory: join(config.dataFolder, 'postgres', 'data') }),
  ]
  const refusals: unknown[] = []
  for (const end of ends) await end().catch((error: unknown) => refusals.push(error))
  return refusals
}

async function stopProcesses({ dataFolder }: Config): Promise<void> {
  const folders = foldersOf(dataFolder)
  const runtime = await createProcessRuntime({ root: folders.instances })
  const running = (await runtime.list()).filter(({ state }) => state === 'running')
  await Promise.all(running.map(({ id }) => runtime.stop(id, 5000)))
  await runtime.close()
  stopCollector(folders.instances)
  for (const dataDirectory of await clusters(folders.addons)) await stopServer({ dataDirectory })
}

/** Every PostgreSQL data directory below the addons' folder. */
async function clusters(root: string): Promise<string[]> {
  try {
    const entries = await readdir(root, { withFileTypes: true, recursive: true })
    return entries.flatMap((entry) =>
      entry.name === 'PG_VERSION' && isTop(entry.parentPath) ? [entry.parentPath] : [],
    )
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}

/** A cluster has a PG_VERSION of its own and one a database. */
const isTop = (folder: string): boolean => folder.endsWith('/data')

for (const refusal of await stopAll(process.argv.includes('--remove'))) {
  process.stderr.write(
    `Not everything could be stopped: ${refusal instanceof Error ? refusal.message : refusal}\n`,
  )
  process.exitCode = 1
}
