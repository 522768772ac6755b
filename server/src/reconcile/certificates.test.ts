import { request } from 'node:http'
import { FairwayError } from '@fairway/contract/errors'
import { describe, expect, test } from 'vitest'
import { caddyHere } from '../certificates/acme/test-caddy.ts'
import { TLS_ALL } from '../db/certificates.ts'
import { transaction } from '../db/db.ts'
import { schedule } from '../db/work.ts'
import { readFacts } from '../lib/certificate-chain.ts'
import { makeCertificate } from '../lib/test-certificates.ts'
import { importCertificate } from '../operations/domains/import-certificate.ts'
import { registerDomain } from '../operations/domains/register.ts'
import { haproxyHere } from '../traffic/haproxy/test-haproxy.ts'
import type { AcmeAuthority } from './acme-port.ts'
import { AWAY, BLOG, type CertificatesProject, SHOP, withCertificates } from './certificates-test-project.ts'
import { testSealer } from './certificates-test-world.ts'

const active = ({ status }: { status: string }): boolean => status === 'active'

async function issued(project: CertificatesProject, host: string) {
  const certificate = await project.reaches(host, 'active', active)
  return project.isServed(host, certificate.current?.fingerprint ?? '')
}

/** As if it had been issued longer ago. */
const makeOlder = ({ db }: CertificatesProject, hours: number) =>
  db
    .updateTable('certificate_version')
    .set((eb) => ({
      not_before: eb.val(new Date(Date.now() - hours * 3_600_000)),
      not_after: eb.val(new Date(Date.now() + (12 - hours) * 3_600_000)),
    }))
    .execute()

/** As if the time of the next try had come. */
const makeDue = ({ db }: CertificatesProject) =>
  db.updateTable('certificate').set({ next_try_at: null }).where('next_try_at', 'is not', null).execute()

/** The authority notices only after a while that a name leads elsewhere. */
const triedUntil = (project: CertificatesProject, host: string, wanted: string) =>
  expect
    .poll(
      async () => {
        await makeDue(project)
        return (await project.certificate(host))?.status
      },
      { timeout: 30_000, interval: 500 },
    )
    .toBe(wanted)

describe.skipIf(!caddyHere || !haproxyHere)('certificates from a real authority', { timeout: 90_000 }, () => {
  test('each public host gets one and is served with it; what is secret is sealed; one account is used', () =>
    withCertificates(async (project) => {
      await project.serve('web', [SHOP])
      await project.whileWorking(async () => {
        expect((await issued(project, SHOP)).subjectaltname).toBe(`DNS:${SHOP}`)
        await project.serve('blog', [BLOG])
        await issued(project, BLOG)
      })
      expect(await project.events(SHOP)).toEqual(['certificate.issued'])
      expect(await project.db.selectFrom('acme_account').select('url').execute()).toHaveLength(1)
      expect(await project.db.selectFrom('acme_challenge').select('token').execute()).toEqual([])
      const dump = JSON.stringify(await project.db.selectFrom('certificate_version').selectAll().execute())
      expect(dump).not.toContain('PRIVATE KEY')
    }))

  test('one that is near its end is renewed once, and served without a reload of the service', () =>
    withCertificates(async (project) => {
      await project.serve('web', [SHOP])
      await project.whileWorking(async () => {
        await issued(project, SHOP)
        await makeOlder(project, 9)
        await schedule(project.db, 'tls', TLS_ALL)
        const renewed = await project.reaches(SHOP, 'renewed', (one) => active(one) && one.version === 2)
        await project.isServed(SHOP, renewed.current?.fingerprint ?? '')
      })
      expect(await project.versions()).toHaveLength(2)
      expect(await project.events(SHOP)).toEqual(['certificate.issued', 'certificate.renewed'])
    }))

  test('a host that leads elsewhere says so, with the next try, once; mended, it is issued at that try', () =>
    withCertificates(async (project) => {
      await project.serve('web', [AWAY, SHOP])
      await project.whileWorking(async () => {
        await issued(project, SHOP)
        const failed = await project.reaches(AWAY, 'failed', ({ status }) => status === 'failed')
        expect(failed.reason).toMatch(/could not prove away\.example\.net.*leads to this machine/)
        expect(failed.attempts).toBe(1)
        expect(failed.next_try_at?.getTime()).toBeGreaterThan(Date.now() + 30_000)
        await makeDue(project)
        await project.reaches(AWAY, 'failed twice', ({ attempts }) => attempts === 2)
        expect(await project.events(AWAY)).toEqual(['certificate.failed'])
        await project.authority.lead(AWAY, project.world.gateway.listen.host)
        await triedUntil(project, AWAY, 'active')
        await issued(project, AWAY)
      })
      expect(await project.events(AWAY)).toEqual(['certificate.failed', 'certificate.issued'])
    }))

  test('an authority that is away leaves what is served alone and is asked again', () =>
    withCertificates(async (project) => {
      await project.serve('web', [SHOP])
      await project.whileWorking(async () => {
        const { fingerprint256 } = await issued(project, SHOP)
        await project.authority.stop()
        await makeOlder(project, 9)
        const held = await project.reaches(SHOP, 'tried', ({ attempts }) => attempts === 1)
        expect(held).toMatchObject({ status: 'active', version: 1 })
        expect(held.reason).toContain('cannot be reached')
        await project.isServed(SHOP, fingerprint256.replaceAll(':', '').toLowerCase())
        await project.authority.start()
        await makeDue(project)
        const renewed = await project.reaches(SHOP, 'renewed', ({ version }) => version === 2)
        expect(renewed).toMatchObject({ reason: null, attempts: 0, next_try_at: null })
      })
    }))

  test('an authority that fails by a fault of its own is asked again within the same attempt', () =>
    withCertificates(async (project) => {
      await project.serve('web', [SHOP])
      const fault = new FairwayError('certificate_failed', 'Refused.', {
        data: { problem: 'serverInternal' },
      })
      let asked = 0
      const before = (authority: AcmeAuthority): AcmeAuthority => ({
        ...authority,
        open: (account) => {
          asked += 1
          return asked === 1 ? Promise.reject(fault) : authority.open(account)
        },
      })
      await project.whileWorking(() => issued(project, SHOP), { before, patienceMs: 60_000 })
      expect(asked).toBeGreaterThan(1)
      expect(await project.events(SHOP)).toEqual(['certificate.issued'])
    }))

  test('an API that the gateway does not reach is told before the authority is asked', () =>
    withCertificates(async (project) => {
      project.world.challenge.port = 1
      await project.serve('web', [SHOP])
      await project.whileWorking(async () => {
        const failed = await project.reaches(SHOP, 'failed', ({ status }) => status === 'failed')
        expect(failed.reason).toMatch(/was not asked, because the gateway at .* answers \d+/)
      })
    }))

  test('an imported one is served as soon as it is stored, and nobody is asked for its names', () =>
    withCertificates(async (project) => {
      const input = makeCertificate(['*.example.org'])
      project.world.ca += input.root
      await project.serve('web', [SHOP])
      await transaction(project.db, async (tx) => {
        await registerDomain(tx, { domain: 'example.org', actor: 'Bob', mustVerify: false })
        const request = { domain: 'example.org', input, now: new Date(), actor: 'Bob' }
        await importCertificate(tx, request, testSealer)
      })
      await project.whileWorking(() => project.isServed(SHOP, readFacts(input.certificateChain).fingerprint))
      expect(await project.certificate(SHOP)).toBeUndefined()
    }))

  test('where it is wanted, plain requests for a host with a certificate are sent to https', () =>
    withCertificates(
      async (project) => {
        await project.serve('web', [SHOP])
        await project.whileWorking(() => issued(project, SHOP))
        const { host, port } = project.world.gateway.listen
        const answer = await new Promise<{ status: number | undefined; location: string | undefined }>(
          (resolve, reject) => {
            request({ host, port, path: '/a?b=1', headers: { host: SHOP } }, (response) => {
              response.resume()
              resolve({ status: response.statusCode, location: response.headers.location })
            })
              .on('error', reject)
              .end()
          },
        )
        expect(answer).toEqual({ status: 308, location: `https://${SHOP}/a?b=1` })
      },
      { redirect: true },
    ))
})
