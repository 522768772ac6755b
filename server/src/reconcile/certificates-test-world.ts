/** For tests: the workers of certificates on a real HAProxy and a real authority, here or in a process of their own. */
import { readFileSync } from 'node:fs'
import { createAcmeAuthority } from '../certificates/acme/acme-authority.ts'
import { TLS_ALL } from '../db/certificates.ts'
import { openDb } from '../db/db.ts'
import { openListener } from '../db/listen.ts'
import { schedule } from '../db/work.ts'
import { startWorkLoop } from '../db/work-loop.ts'
import { registerWorker } from '../db/workers.ts'
import { systemClock } from '../lib/clock.ts'
import { type CrashPoints, crashAt, noCrashPoints } from '../lib/crash-point.ts'
import { createLog, type Log, silentLog } from '../lib/log.ts'
import { createSealer } from '../lib/seal.ts'
import { startHaproxyTraffic } from '../traffic/haproxy/haproxy-traffic.ts'
import type { HaproxySettings } from '../traffic/haproxy/settings.ts'
import type { AcmeAuthority } from './acme-port.ts'
import { createCertificateHandler } from './certificates.ts'
import { createTlsHandler } from './tls.ts'

export const testSealer = createSealer(Buffer.alloc(32, 7))

export type CertificateWorld = {
  connectionString: string
  gateway: HaproxySettings
  directory: string
  ca: string
  challenge: { host: string; port: number }
  redirect: boolean
}

type Options = {
  crash?: CrashPoints
  log?: Log
  patienceMs?: number
  /** Puts something before the real authority. */
  before?: (authority: AcmeAuthority) => AcmeAuthority
}

/** Runs until stopped; HAProxy goes on. */
export async function startCertificateWorker(
  world: CertificateWorld,
  { crash = noCrashPoints, log = silentLog(), patienceMs = 2_000, before = (same) => same }: Options = {},
): Promise<{ stop(): Promise<void> }> {
  const traffic = await startHaproxyTraffic({ settings: world.gateway, log })
  const { db } = openDb(world.connectionString)
  const listener = await openListener(world.connectionString, log)
  const worker = await registerWorker(world.connectionString)
  const { directory, ca, redirect, challenge } = world
  const authority = before(createAcmeAuthority({ directory, email: 'ops@example.org', ca }))
  const deps = { db, sealer: testSealer, clock: systemClock, crash, log, traffic }
  const settings = { issues: true, privateAuthority: true, redirect }
  const tls = createTlsHandler({ ...deps, settings, domain: 'apps.example.org', challenge, lookEveryMs: 300 })
  const certificate = createCertificateHandler({ ...deps, authority, patienceMs })
  const loop = startWorkLoop({
    db,
    listener,
    worker,
    log,
    handlers: { tls: { run: tls, concurrency: 1 }, certificate: { run: certificate, concurrency: 4 } },
  })
  await schedule(db, 'tls', TLS_ALL)
  return {
    stop: async () => {
      await loop.stop()
      await traffic.close()
      await listener.close()
      await worker.close()
      await db.destroy()
    },
  }
}

const [, program = '', file, point] = process.argv
if (program.includes('certificates-test-world') && file !== undefined)
  await startCertificateWorker(JSON.parse(readFileSync(file, 'utf8')) as CertificateWorld, {
    crash: point === undefined ? noCrashPoints : crashAt(point),
    log: createLog('error', (text) => text),
    // It ends at its point; on a busy machine that takes its time.
    patienceMs: 60_000,
  })
