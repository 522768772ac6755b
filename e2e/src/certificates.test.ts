import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { caddyHere, startCaddy } from '@fairway/server/certificates/acme/test-caddy'
import { haproxyHere } from '@fairway/server/traffic/haproxy/test-haproxy'
import { describe, expect, test } from 'vitest'
import { freePorts } from './fairway/free-ports.ts'
import { type Fairway, startFairway } from './fairway/server.ts'
import { waitFor } from './fairway/wait-for.ts'

/** Authorities come to port 80: an address of this machine's loopback that nobody else uses. */
const ADDRESS = `127.213.${process.pid % 250}.${1 + (Math.floor(process.pid / 250) % 250)}`
const HOST = 'shop.example.org'

async function call(fairway: Fairway, method: string, path: string, body?: unknown): Promise<unknown> {
  const response = await fetch(`${fairway.url}/v1${path}`, {
    method,
    headers: { authorization: `Bearer ${fairway.token()}`, 'content-type': 'application/json' },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  const answer = (await response.json()) as { data: unknown }
  if (!response.ok) throw new Error(`${method} ${path}: ${JSON.stringify(answer)}`)
  return answer.data
}

/** The status of an answer over TLS that the authority's root vouches for. */
const overTls = (port: number, ca: string): Promise<number | undefined> =>
  new Promise((resolve, reject) => {
    const options = { host: ADDRESS, port, servername: HOST, headers: { host: HOST }, ca, agent: false }
    const sent = request(options as object, (response) => {
      response.resume()
      resolve(response.statusCode)
    })
    sent.on('error', reject)
    sent.end()
  })

describe.skipIf(!caddyHere || !haproxyHere)('a name given to a port', () => {
  test('gets a certificate of the authority that is configured, and keeps being served with it while Fairway is down', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'fairway-certificates-'))
    const authority = await startCaddy({ [HOST]: ADDRESS })
    const [api = 0, httpsPort = 0] = await freePorts(2)
    await writeFile(join(folder, 'root.pem'), authority.ca)
    let fairway: Fairway | undefined
    try {
      fairway = await startFairway({
        dataFolder: join(folder, 'data'),
        ports: { api, gateway: 80 },
        env: {
          FAIRWAY_GATEWAY: 'haproxy',
          FAIRWAY_GATEWAY_HOST: ADDRESS,
          FAIRWAY_GATEWAY_HTTPS_PORT: String(httpsPort),
          FAIRWAY_ACME_DIRECTORY: authority.directory,
          FAIRWAY_ACME_EMAIL: 'ops@example.org',
          FAIRWAY_ACME_CA_FILE: join(folder, 'root.pem'),
        },
      })
      const running = fairway
      await call(running, 'POST', '/projects', { name: 'shop' })
      await call(running, 'POST', '/projects/shop/services/deployment', {
        name: 'web',
        billing: { deploymentPlan: 'nf-compute-20' },
        deployment: { instances: 0 },
        ports: [{ name: 'http', internalPort: 80, public: true, protocol: 'HTTP', disableNfDomain: true }],
      })
      await call(running, 'POST', '/domains', { domain: 'example.org' })
      await call(running, 'POST', '/domains/example.org/subdomains', { subdomain: 'shop' })
      const port = { projectId: 'shop', serviceId: 'web', portName: 'http' }
      await call(running, 'POST', '/domains/example.org/subdomains/shop/assign', port)

      await waitFor(
        'the certificate to be active',
        async () => {
          const shown = await call(running, 'GET', '/domains/example.org/subdomains/shop')
          return (shown as { certificate: { status?: string } }).certificate.status === 'active'
        },
        { deadlineMs: 60_000, everyMs: 200 },
      )
      await waitFor(
        'it to be served',
        () =>
          overTls(httpsPort, authority.ca).then(
            () => true,
            () => false,
          ),
        {
          deadlineMs: 10_000,
          everyMs: 100,
        },
      )
      await running.kill()
      expect(await overTls(httpsPort, authority.ca)).toBeTypeOf('number')
    } finally {
      await fairway?.stopEverything()
      await authority.cleanUp()
      await rm(folder, { recursive: true, force: true })
    }
  }, 150_000)
})
