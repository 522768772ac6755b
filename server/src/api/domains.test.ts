import { describe, expect, test } from 'vitest'
import { insertCertificate, moveCertificate } from '../db/certificates.ts'
import { transaction } from '../db/db.ts'
import { newId } from '../db/work.ts'
import { makeCertificate } from '../lib/test-certificates.ts'
import { type TestApi, withTestApi } from './test-api.ts'

const EXAMPLE = '/v1/domains/example.com'
const SHOP = `${EXAMPLE}/subdomains/shop`
const WEB = { projectId: 'shop', serviceId: 'web', portName: 'http' }

async function withService(api: TestApi): Promise<void> {
  await api.ok('POST', '/v1/projects', { name: 'shop' })
  for (const name of ['web', 'other']) {
    await api.ok('POST', '/v1/projects/shop/services/deployment', {
      name,
      billing: { deploymentPlan: 'nf-compute-20' },
      deployment: { instances: 1, external: { imagePath: 'nginx:1.27' } },
      ports: [
        { name: 'http', internalPort: 80, public: true, protocol: 'HTTP' },
        { name: 'inner', internalPort: 81, protocol: 'HTTP' },
      ],
    })
  }
  await api.ok('POST', '/v1/domains', { domain: 'Example.com' })
}

const domainsOf = async (api: TestApi, service = 'web'): Promise<string[]> => {
  const { ports } = await api.ok<{ ports: { name: string; domains: { name: string }[] }[] }>(
    'GET',
    `/v1/projects/shop/services/${service}/ports`,
  )
  return ports.flatMap(({ domains }) => domains.map(({ name }) => name))
}

describe('domains', () => {
  test('are registered in small letters once, listed, and forgotten with what is below them', () =>
    withTestApi(async (api) => {
      const made = await api.ok('POST', '/v1/domains', { domain: 'Example.com' })
      expect(made).toMatchObject({ name: 'example.com', status: 'verified', hostname: 'fairway-verify' })
      expect(await api.call('POST', '/v1/domains', { domain: 'example.com' })).toMatchObject({ status: 409 })
      expect(await api.ok('GET', '/v1/domains')).toEqual({ domains: [made] })
      await api.ok('POST', `${EXAMPLE}/subdomains`, { subdomain: 'shop' })
      await api.ok('POST', `${EXAMPLE}/subdomains`, { subdomain: '' })
      expect(await api.ok('GET', EXAMPLE)).toMatchObject({
        subdomains: [
          { name: '-default', fullName: 'example.com' },
          { name: 'shop', fullName: 'shop.example.com' },
        ],
      })
      await api.ok('DELETE', EXAMPLE)
      expect(await api.call('GET', EXAMPLE)).toMatchObject({ status: 404 })
      expect(await api.call('GET', SHOP)).toMatchObject({ status: 404 })
    }))

  test.each(['', 'a..b', '-a.com', 'a_b.com', 'a b.com', `${'a'.repeat(64)}.com`])(
    'named %j are refused',
    (domain) =>
      withTestApi(async (api) =>
        expect(await api.call('POST', '/v1/domains', { domain })).toMatchObject({ status: 400 }),
      ),
  )

  test('where they must be proved, become verified by their TXT record and are given to ports only then', () => {
    const records: string[] = []
    const asked: string[] = []
    const lookUpTxt = async (name: string) => {
      asked.push(name)
      return records
    }
    const domains = { mustVerify: true, target: 'apps.example.org', lookUpTxt }
    return withTestApi(
      async (api) => {
        await withService(api)
        const { token, status } = await api.ok<{ token: string; status: string }>('GET', EXAMPLE)
        expect(status).toBe('pending')
        await api.ok('POST', `${EXAMPLE}/subdomains`, { subdomain: 'shop' })
        expect(await api.call('POST', `${SHOP}/assign`, WEB)).toMatchObject({ status: 409 })
        expect(await api.call('POST', `${EXAMPLE}/verify`)).toMatchObject({ status: 409 })
        records.push('something else', token)
        expect(await api.ok('POST', `${EXAMPLE}/verify`)).toMatchObject({ status: 'verified' })
        expect(asked).toEqual(['fairway-verify.example.com', 'fairway-verify.example.com'])
        expect(await api.ok('POST', `${SHOP}/assign`, WEB)).toMatchObject({ verified: true })
      },
      { deps: { domains } },
    )
  })
})

describe('a subdomain', () => {
  test('is answered by the port it is assigned to, by one port only, until it is unassigned', () =>
    withTestApi(async (api) => {
      await withService(api)
      expect(await api.ok('POST', `${EXAMPLE}/subdomains`, { subdomain: 'shop' })).toMatchObject({
        recordType: 'CNAME',
        content: 'apps.example.org',
        fullName: 'shop.example.com',
        assigned: null,
      })
      expect(await api.ok('POST', `${SHOP}/assign`, WEB)).toMatchObject({ assigned: WEB })
      expect(await api.ok('POST', `${SHOP}/assign`, WEB)).toMatchObject({ assigned: WEB })
      expect(await domainsOf(api)).toEqual(['shop.example.com'])
      const other = { ...WEB, serviceId: 'other' }
      expect(await api.call('POST', `${SHOP}/assign`, other)).toMatchObject({ status: 409 })
      expect(await api.call('DELETE', SHOP)).toMatchObject({ status: 409 })
      expect(await api.call('DELETE', EXAMPLE)).toMatchObject({ status: 409 })
      expect(await api.ok('DELETE', `${SHOP}/assign`)).toMatchObject({ assigned: null })
      expect(await domainsOf(api)).toEqual([])
      await api.ok('POST', `${SHOP}/assign`, other)
      expect(await domainsOf(api, 'other')).toEqual(['shop.example.com'])
    }))

  test('is not assigned to a port that is not public or not there, and to no service that is not there', () =>
    withTestApi(async (api) => {
      await withService(api)
      await api.ok('POST', `${EXAMPLE}/subdomains`, { subdomain: 'shop' })
      const assign = async (more: object) =>
        (await api.call('POST', `${SHOP}/assign`, { ...WEB, ...more })).status
      expect(await assign({ portName: 'inner' })).toBe(409)
      expect(await assign({ portName: 'none' })).toBe(404)
      expect(await assign({ serviceId: 'none' })).toBe(404)
    }))

  test('assigned and unassigned make no new revision', () =>
    withTestApi(async (api) => {
      await withService(api)
      const revisions = () => api.db.selectFrom('revision').select('id').execute()
      const before = await revisions()
      await api.ok('POST', `${EXAMPLE}/subdomains`, { subdomain: 'shop' })
      await api.ok('POST', `${SHOP}/assign`, WEB)
      await api.ok('DELETE', `${SHOP}/assign`)
      expect(await revisions()).toEqual(before)
    }))
})

const good = makeCertificate(['example.com'])
const other = makeCertificate(['example.com'])
const imported = (certificate: object) => ({ certificate })
const pairOf = ({ certificateChain, privateKey }: { certificateChain: string; privateKey: string }) => ({
  certificateChain,
  privateKey,
})

describe('an imported certificate', () => {
  test('is shown without its key, which is sealed; the next one is the next version', () =>
    withTestApi(async (api) => {
      await api.ok('POST', '/v1/domains', { domain: 'example.com' })
      const pair = pairOf(makeCertificate(['example.com', '*.example.com', 'other.org']))
      const first = await api.ok('POST', `${EXAMPLE}/import`, imported(pair))
      expect(first).toMatchObject({
        source: 'imported',
        status: 'active',
        hosts: ['example.com', '*.example.com'],
        version: 1,
        issuer: 'CN=Test root',
      })
      const shown = await api.ok('GET', `${EXAMPLE}/certificate`)
      expect(String(shown.certificateChain)).toContain('BEGIN CERTIFICATE')
      expect(shown.issuerCertificate).toBeTypeOf('string')
      const again = pairOf(makeCertificate(['*.example.com']))
      expect(await api.ok('POST', `${EXAMPLE}/import`, imported(again))).toMatchObject({ version: 2 })
      const rows = await api.db.selectFrom('certificate_version').selectAll().execute()
      const everything = JSON.stringify([first, shown, rows, await api.ok('GET', '/v1/certificates')])
      expect(everything).not.toContain('PRIVATE')
      expect(everything).not.toContain(pair.privateKey.split('\n')[1])
      expect(await api.ok('GET', EXAMPLE)).toMatchObject({ certificates: { mode: 'wildcard-import' } })
    }))

  test('comes with a new domain, or not at all when it is refused', () =>
    withTestApi(async (api) => {
      const certificates = (hosts: string[]) => ({
        mode: 'wildcard-import',
        certificateInput: pairOf(makeCertificate(hosts)),
      })
      const bad = { domain: 'example.com', certificates: certificates(['example.org']) }
      expect(await api.call('POST', '/v1/domains', bad)).toMatchObject({ status: 400 })
      expect(await api.ok('GET', '/v1/domains')).toEqual({ domains: [] })
      const good = { domain: 'example.com', certificates: certificates(['*.example.com']) }
      expect(await api.ok('POST', '/v1/domains', good)).toMatchObject({
        certificates: { mode: 'wildcard-import' },
      })
    }))

  const leaf = good.certificateChain.replace(good.root, '')
  test.each([
    ['the key of another one', { ...pairOf(good), privateKey: other.privateKey }, /another certificate/],
    ['no key', { ...pairOf(good), privateKey: 'hello' }, /certificate/],
    ['no certificate', { ...pairOf(good), certificateChain: 'hello' }, /no certificate/],
    ['the chain of another one', { ...pairOf(good), certificateChain: leaf + other.root }, /in order/],
    ['its time over', pairOf(makeCertificate(['example.com'], { days: [-3, -1] })), /ran out/],
    ['its time to come', pairOf(makeCertificate(['example.com'], { days: [1, 3] })), /not valid before/],
    ['names of others', pairOf(makeCertificate(['example.org', 'shop.example.com'])), /speaks for/],
    ['names that only end alike', pairOf(makeCertificate(['badexample.com'])), /speaks for/],
  ])('with %s is refused with the reason', (_, certificate, reason) =>
    withTestApi(async (api) => {
      await api.ok('POST', '/v1/domains', { domain: 'example.com' })
      const answer = await api.call('POST', `${EXAMPLE}/import`, imported(certificate))
      expect(answer.status).toBe(400)
      expect(JSON.stringify(answer.body)).toMatch(reason)
      expect(await api.ok('GET', '/v1/certificates')).toEqual({ certificates: [] })
    }),
  )
})

describe('certificates', () => {
  test('that could not be had say why and when they are tried next; a retry makes that now', () =>
    withTestApi(async (api) => {
      await api.ok('POST', '/v1/domains', { domain: 'example.com' })
      await api.ok('POST', `${EXAMPLE}/subdomains`, { subdomain: 'shop' })
      const next = new Date(Date.now() + 3_600_000)
      await transaction(api.db, async (tx) => {
        const id = newId()
        const row = { id, source: 'acme', subject: 'shop.example.com', hosts: ['shop.example.com'] } as const
        await insertCertificate(tx, { ...row, hosts: [...row.hosts] })
        await moveCertificate(tx, id, 'issuing')
        await moveCertificate(tx, id, 'failed', { attempts: 1, reason: 'No way.', next_try_at: next })
      })
      const failed = { status: 'failed', reason: 'No way.', nextTryAt: next.toISOString() }
      expect(await api.ok('GET', `${EXAMPLE}/certificate`)).toMatchObject({ certificates: [failed] })
      expect(await api.ok('GET', SHOP)).toMatchObject({ certificate: failed })
      const retry = '/v1/certificates/shop.example.com/retry'
      expect(await api.ok('POST', retry)).toMatchObject({ status: 'failed', nextTryAt: null })
      expect(await api.call('POST', retry)).toMatchObject({ status: 409 })
      expect(await api.call('POST', '/v1/certificates/none.example.com/retry')).toMatchObject({ status: 404 })
    }))

  test('are challenged without a token, as plain text; a token that is not under way is not found', () =>
    withTestApi(async (api) => {
      await transaction(api.db, async (tx) => {
        const id = newId()
        await insertCertificate(tx, { id, source: 'acme', subject: 'a.b', hosts: ['a.b'] })
        const challenge = { token: 'tok_en-1', answer: 'tok_en-1.print', host: 'a.b', certificate_id: id }
        await tx.insertInto('acme_challenge').values(challenge).execute()
      })
      const ask = (token: string) =>
        api.call('GET', `/.well-known/acme-challenge/${token}`, undefined, { token: undefined })
      const answer = await ask('tok_en-1')
      expect(answer).toMatchObject({ status: 200, body: 'tok_en-1.print' })
      expect(answer.headers.get('content-type')).toMatch(/^text\/plain/)
      expect(await ask('other')).toMatchObject({ status: 404 })
      expect(await ask('%00')).toMatchObject({ status: 404 })
    }))

  test('and domains are changed by those who may: reading is not enough, and keys take an administrator', () =>
    withTestApi(async (api) => {
      const { read, write } = api.tokens
      const post = async (token: string, path: string, body: object) =>
        (await api.call('POST', path, body, { token })).status
      expect(await post(read, '/v1/domains', { domain: 'example.com' })).toBe(403)
      expect(await post(write, '/v1/domains', { domain: 'example.com' })).toBe(403)
      await api.ok('POST', '/v1/domains', { domain: 'example.com' })
      expect(await post(read, `${EXAMPLE}/subdomains`, { subdomain: 'a' })).toBe(403)
      expect(await post(write, `${EXAMPLE}/import`, imported(pairOf(good)))).toBe(403)
      expect(await post(write, `${EXAMPLE}/subdomains`, { subdomain: 'a' })).toBe(200)
    }))
})
