import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { FastifyInstance } from 'fastify'
import { sql } from 'kysely'
import { createHttp } from './api/http.ts'
import { routes } from './api/routes.ts'
import { hasWebPages } from './api/web-pages.ts'
import { type Adapters, type OpenedAdapters, openAdapters } from './app-adapters.ts'
import { certificateHandlers } from './app-certificates.ts'
import { openGit } from './app-git.ts'
import { offersOf } from './app-offers.ts'
import { streamsOf } from './app-streams.ts'
import { startWorkers } from './app-workers.ts'
import type { Config } from './config.ts'
import { foldersOf } from './data-folders.ts'
import { TLS_ALL } from './db/certificates.ts'
import { type Db, openDb, transaction } from './db/db.ts'
import { startEmbeddedDatabase } from './db/embedded.ts'
import { type Listener, openListener } from './db/listen.ts'
import { migrate } from './db/migrate.ts'
import { schedule } from './db/work.ts'
import { startWorkLoop } from './db/work-loop.ts'
import { registerWorker } from './db/workers.ts'
import { flowRules } from './flows/rules.ts'
import { gitHosts } from './hosts/hosts.ts'
import { systemClock } from './lib/clock.ts'
import { crashAt, noCrashPoints } from './lib/crash-point.ts'
import { createLog, type Log } from './lib/log.ts'
import { createMasker } from './lib/mask.ts'
import { createSealer, type Sealer } from './lib/seal.ts'
import { lookUpTxt } from './lib/txt-records.ts'
import { createFirstToken } from './operations/tokens/first-token.ts'
import { POLL_ALL, TRIGGER_SWEEP } from './reconcile/git-polls.ts'
import { IMAGES_ALL } from './reconcile/image-checks.ts'
import { ARTIFACT_SWEEP } from './reconcile/retention.ts'

/** The built web application, beside the server. */
const WEB_FOLDER = fileURLToPath(new URL('../../web/dist', import.meta.url))

/** A control plane that runs. `lost` resolves when it cannot go on and should be started again. */
export type App = { url: string; publicUrl: string; log: Log; lost: Promise<Error>; stop(): Promise<void> }

/** What was opened, to be closed in reverse. */
type Closing = { name: string; close: () => Promise<unknown> }

/** Builds everything, in order, by hand. What was opened is closed again when a later step fails. */
export async function startApp(config: Config): Promise<App> {
  const masker = createMasker()
  const log = createLog(config.log.level, masker.mask)
  const opened: Closing[] = []
  try {
    return await open(config, { log, masker, opened })
  } catch (error) {
    await closeAll(opened, log)
    throw error
  }
}

type Base = { log: Log; masker: ReturnType<typeof createMasker>; opened: Closing[] }

async function open(config: Config, { log, masker, opened }: Base): Promise<App> {
  const keep = <T>(name: string, thing: T, close: (thing: T) => Promise<unknown>): T => {
    opened.push({ name, close: () => close(thing) })
    return thing
  }
  const clock = systemClock
  const crash = config.crashAt === undefined ? noCrashPoints : crashAt(config.crashAt)
  const sealer = createSealer(config.masterKey, masker.add)
  await mkdir(config.dataFolder, { recursive: true })

  // The gateway and the database take the longest and do not need each other.
  const database = databaseOf(config, log)
  const opening = openAdapters({ config, sealer, clock, log, crash })
  const [{ connectionString, stop }, parts] = await bothOrNeither(database, opening)
  keep('database', stop, (end) => end())
  keep('runtime', parts.runtime, (runtime) => runtime.close())
  keep('gateway', parts.traffic, (traffic) => traffic.close())
  const { db, pool } = openDb(connectionString, { max: 20 })
  keep('connections', db, () => db.destroy())
  pool.on('error', (error) => log.warn({ err: error }, 'an idle database connection was lost'))
  for (const name of await migrate(pool)) log.info({ migration: name }, 'applied a migration')
  const listener = keep('listener', await openListener(connectionString, log), (one) => one.close())
  const worker = keep('worker', await registerWorker(connectionString), (one) => one.close())
  await writeFirstToken(db, config, log)

  const git = openGit({ db, sealer, root: foldersOf(config.dataFolder).gitCache })
  const adapters = { ...parts, ...git }
  const shared = { config, db, adapters, sealer, clock, crash, log, mask: masker.mask }
  const http = keep('api', httpOf(shared, listener), (one) => one.close())
  const url = await http.listen({ host: config.api.host, port: config.api.port })
  const workers = keep('workers', startWorkers(shared), (all) => all.stop())
  const handlers = { ...workers.handlers, ...certificateHandlers({ ...shared, apiUrl: url }) }
  const loop = startWorkLoop({ db, listener, worker, handlers, log })
  keep('work', loop, () => loop.stop())
  await schedule(db, 'sweep', ARTIFACT_SWEEP)
  await schedule(db, 'sweep', TRIGGER_SWEEP)
  await schedule(db, 'git_poll', POLL_ALL)
  await schedule(db, 'image_check', IMAGES_ALL)
  await schedule(db, 'tls', TLS_ALL)
  log.info({ url, gateway: adapters.traffic.publicUrl() }, 'Fairway is ready')
  return {
    url,
    publicUrl: adapters.traffic.publicUrl(),
    log,
    lost: worker.lost,
    stop: () => closeAll(opened, log),
  }
}

/** Two things at once; when one fails, the other is closed before the error goes on. */
async function bothOrNeither(
  database: ReturnType<typeof databaseOf>,
  adapters: Promise<OpenedAdapters>,
): Promise<[Awaited<ReturnType<typeof databaseOf>>, OpenedAdapters]> {
  const [first, second] = await Promise.allSettled([database, adapters])
  if (first.status === 'fulfilled' && second.status === 'fulfilled') return [first.value, second.value]
  if (first.status === 'fulfilled') await first.value.stop()
  if (second.status === 'fulfilled')
    await Promise.all([second.value.runtime.close(), second.value.traffic.close()])
  throw first.status === 'rejected' ? first.reason : (second as PromiseRejectedResult).reason
}

async function databaseOf(config: Config, log: Log) {
  if (config.databaseUrl !== undefined) {
    return { connectionString: config.databaseUrl, stop: async () => undefined }
  }
  return startEmbeddedDatabase(config.dataFolder, log)
}

async function writeFirstToken(db: Db, { dataFolder }: Config, log: Log): Promise<void> {
  const path = join(dataFolder, 'admin-token')
  await transaction(db, async (tx) => {
    const token = await createFirstToken(tx)
    if (token === undefined) return
    await writeFile(path, `${token}\n`, { mode: 0o600 })
    // Shown once, to the person who starts it; the log gets only where it is.
    process.stdout.write(`\nYour admin token, also in ${path}:\n\n  ${token}\n\n`)
    log.info({ path }, 'created the admin token')
  })
}

type Shared = {
  config: Config
  db: Db
  adapters: Adapters
  sealer: Sealer
  log: Log
  mask(text: string): string
}

function httpOf({ config, db, adapters, sealer, log, mask }: Shared, listener: Listener): FastifyInstance {
  const deps = {
    db,
    sealer,
    clock: systemClock,
    log,
    mask,
    notifications: listener,
    streams: streamsOf(db, adapters),
    flowRules,
    gitHosts,
    resolveImage: adapters.images.resolve,
    domains: { mustVerify: config.verifyDomains, target: config.gateway.domain, lookUpTxt },
    addonOffers: () => offersOf(adapters.engines),
    listBranches: (url: string, signal: AbortSignal) => adapters.source.branches({ url, signal }),
  }
  return createHttp(deps, {
    routes,
    ...(hasWebPages(WEB_FOLDER) && { webFolder: WEB_FOLDER }),
    ready: async () => {
      await sql`select 1`.execute(db)
      return true
    },
  })
}

async function closeAll(opened: Closing[], log: Log): Promise<void> {
  for (const { name, close } of opened.splice(0).reverse()) {
    try {
      await close()
    } catch (error) {
      log.error({ err: error, part: name }, 'a part could not be closed cleanly')
    }
  }
}
