import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { request } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type PeerCertificate, rootCertificates, type TLSSocket } from 'node:tls'
import Fastify from 'fastify'
import { mountAcmeChallenges } from '../api/domains/acme-challenges.ts'
import { startCaddy, type TestAuthority } from '../certificates/acme/test-caddy.ts'
import { type CertificateWithVersion, listCertificates } from '../db/certificates.ts'
import { type Db, toJson } from '../db/db.ts'
import { withTestDb } from '../db/test-db.ts'
import { freePort } from '../lib/free-port.ts'
import { startLife } from '../lib/test-life.ts'
import { newHaproxy } from '../traffic/haproxy/test-haproxy.ts'
import { type CertificateWorld, startCertificateWorker } from './certificates-test-world.ts'

export const SHOP = 'shop.example.org'
export const BLOG = 'blog.example.org'
/** The authority is led elsewhere at first, where nobody listens. */
export const AWAY = 'away.example.net'

/** An address of this machine that no other test uses: authorities come to port 80. */
const ownAddress = (): string => {
  const part = (from: number): number => from + Math.floor(Math.random() * (254 - from))
  return `127.${part(2)}.${part(1)}.${part(1)}`
}

export class CertificatesProject {
  readonly db: Db
  readonly authority: TestAuthority
  readonly world: CertificateWorld
  readonly #folder: string

  constructor(parts: { db: Db; authority: TestAuthority; world: CertificateWorld; folder: string }) {
    this.db = parts.db
    this.authority = parts.authority
    this.world = parts.world
    this.#folder = parts.folder
  }

  /** A service that the public reaches under these names only. */
  async serve(id: string, domains: readonly string[]): Promise<void> {
    const port = {
      name: 'http',
      internalPort: 80,
      protocol: 'HTTP',
      public: true,
      domains,
      pathPrefix: '/',
      disableNfDomain: true,
    }
    const spec = toJson({ billing: {}, ports: [port] })
    await this.db
      .insertInto('service')
      .values({ project_id: 'shop', id, kind: 'deployment', name: id, spec })
      .onConflict((conflict) => conflict.columns(['project_id', 'id']).doUpdateSet({ spec }))
      .execute()
  }

  certificate = async (subject: string): Promise<CertificateWithVersion | undefined> =>
    (await listCertificates(this.db, { source: 'acme', subject }))[0]

  async reaches(
    subject: string,
    what: string,
    is: (certificate: CertificateWithVersion) => boolean,
  ): Promise<CertificateWithVersion> {
    const end = Date.now() + 30_000
    let last: CertificateWithVersion | undefined
    while (Date.now() < end) {
      last = await this.certificate(subject)
      if (last !== undefined && is(last)) return last
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    throw new Error(`${subject} did not become ${what}: ${JSON.stringify(last)}`)
  }

  versions = () =>
    this.db
      .selectFrom('certificate_version')
      .select(['certificate_id', 'version', 'fingerprint'])
      .orderBy('version')
      .execute()

  /** As they are stored, sealed. */
  accountKeys = async (): Promise<string[]> => {
    const rows = await this.db.selectFrom('acme_account').select('key').execute()
    return rows.map(({ key }) => key.toString('hex'))
  }

  events = async (subject: string): Promise<string[]> => {
    const rows = await this.db
      .selectFrom('event')
      .select('type')
      .where('topic', '=', 'certificate')
      .where('subject', '=', subject)
      .orderBy('id')
      .execute()
    return rows.map(({ type }) => type)
  }

  /** What the public is shown for a host, checked against the authority's root. Waits until it is the one asked for. */
  async isServed(host: string, fingerprint: string): Promise<PeerCertificate> {
    const end = Date.now() + 10_000
    let last: unknown
    while (Date.now() < end) {
      try {
        const shown = await this.connect(host)
        if (shown.fingerprint256.replaceAll(':', '').toLowerCase() === fingerprint) return shown
        last = shown.fingerprint256
      } catch (error) {
        last = error
      }
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    throw new Error(`${host} is not served with ${fingerprint}: ${String(last)}`)
  }

  private connect(host: string): Promise<PeerCertificate> {
    const { listen, httpsPort } = this.world.gateway
    return new Promise((resolve, reject) => {
      const options = {
        host: listen.host,
        port: httpsPort,
        servername: host,
        headers: { host },
        ca: [...rootCertificates, this.world.ca],
        agent: false as const,
      }
      const sent = request(options, (response) => {
        resolve((response.socket as TLSSocket).getPeerCertificate())
        response.destroy()
      })
      sent.on('error', reject)
      sent.end()
    })
  }

  worker = (options?: Parameters<typeof startCertificateWorker>[1]) =>
    startCertificateWorker(this.world, options)

  async whileWorking<T>(
    work: () => Promise<T>,
    options?: Parameters<typeof startCertificateWorker>[1],
  ): Promise<T> {
    const worker = await this.worker(options)
    try {
      return await work()
    } finally {
      await worker.stop()
    }
  }

  /** A life of a worker in a process of its own, until it kills itself at the point. */
  async liveUntil(point: string): Promise<string | null> {
    const file = join(this.#folder, 'world.json')
    await writeFile(file, JSON.stringify(this.world))
    return await startLife('certificates-test-world.ts', import.meta.url, [file, point]).over
  }
}

/** A database, an API that answers challenges, HAProxy on port 80 of an address of its own, and an authority. */
export async function withCertificates(
  work: (project: CertificatesProject) => Promise<void>,
  { redirect = false } = {},
): Promise<void> {
  const address = ownAddress()
  const authority = await startCaddy({ [SHOP]: address, [BLOG]: address, [AWAY]: '127.0.0.2' })
  const folder = await mkdtemp(join(tmpdir(), 'fairway-certificates-'))
  const gateway = await newHaproxy({ listen: { host: address, port: 80 }, httpsPort: await freePort() })
  try {
    await withTestDb(async (db, { connectionString }) => {
      await db.insertInto('project').values({ id: 'shop', name: 'shop' }).execute()
      const app = Fastify()
      mountAcmeChallenges(app, { db })
      await app.listen({ host: '127.0.0.1', port: 0 })
      const { port } = app.server.address() as AddressInfo
      const { directory, ca } = authority
      const challenge = { host: '127.0.0.1', port }
      const world = { connectionString, gateway: gateway.settings, directory, ca, challenge, redirect }
      try {
        await work(new CertificatesProject({ db, authority, world, folder }))
      } finally {
        await app.close()
      }
    })
  } finally {
    await authority.cleanUp()
    await gateway.cleanUp()
    await rm(folder, { recursive: true, force: true })
  }
}
