import { canMove, certificateMoves } from '@fairway/contract/states'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { renewAt } from '../lib/certificate-life.ts'
import { covers } from '../lib/host-cover.ts'
import {
  type CertificateAction,
  type CertificateSettings,
  isIssuable,
  planCertificates,
  retryAfterMs,
  type StoredCertificate,
  servedHosts,
} from './certificate-plan.ts'

const NOW = new Date('2026-06-01T00:00:00Z')
const DAY = 86_400_000
const inDays = (days: number): Date => new Date(NOW.getTime() + days * DAY)
const life = (from: number, to: number) => ({ notBefore: inDays(from), notAfter: inDays(to) })

const PUBLIC: CertificateSettings = { issues: true, privateAuthority: false }
const OWN: CertificateSettings = { issues: true, privateAuthority: true }
const OFF: CertificateSettings = { issues: false, privateAuthority: false }
const HOST = 'shop.example.com'

const acme = (more: Partial<StoredCertificate> = {}): StoredCertificate => ({
  id: 'one',
  source: 'acme',
  subject: HOST,
  hosts: [HOST],
  status: 'active',
  current: life(-10, 80),
  nextTryAt: null,
  ...more,
})
const imported = (hosts: string[], more: Partial<StoredCertificate> = {}): StoredCertificate =>
  acme({ id: 'two', source: 'imported', subject: 'example.com', hosts, ...more })

const START = [{ do: 'start', id: 'one' }]
const never = { current: null }

describe('what is done about a certificate', () => {
  test.each<[string, StoredCertificate[], CertificateSettings, unknown[]]>([
    ['a host without one gets one', [], PUBLIC, [{ do: 'add', host: HOST }]],
    ['nobody is asked where nobody is configured', [], OFF, []],
    ['one that was never issued is asked for', [acme({ status: 'pending', ...never })], PUBLIC, START],
    ['a fresh one is left alone', [acme()], PUBLIC, []],
    ['at two thirds of its life it is renewed', [acme({ current: life(-60, 30) })], PUBLIC, START],
    ['before that it is not', [acme({ current: life(-59.9, 30.1) })], PUBLIC, []],
    ['one of a day is renewed after 16 hours', [acme({ current: life(-0.7, 0.3) })], PUBLIC, START],
    ['and not before', [acme({ current: life(-0.6, 0.4) })], PUBLIC, []],
    ['one of a year is renewed 30 days before its end', [acme({ current: life(-335, 30) })], PUBLIC, START],
    ['and not at two thirds', [acme({ current: life(-300, 65) })], PUBLIC, []],
    ['after a failure it waits', [acme({ current: life(-80, 10), nextTryAt: inDays(1) })], PUBLIC, []],
    ['until its next try', [acme({ current: life(-80, 10), nextTryAt: NOW })], PUBLIC, START],
    ['a failed one waits', [acme({ status: 'failed', ...never, nextTryAt: inDays(1) })], PUBLIC, []],
    ['until its next try, too', [acme({ status: 'failed', ...never, nextTryAt: NOW })], PUBLIC, START],
    ['one under way is left to its worker', [acme({ status: 'issuing', ...never })], PUBLIC, []],
    [
      'and so is a renewal',
      [acme({ status: 'renewing', current: life(-90, -1), nextTryAt: NOW })],
      PUBLIC,
      [],
    ],
    ['past its end it is said so', [acme({ current: life(-90, 0) })], PUBLIC, [{ do: 'expire', id: 'one' }]],
    ['and then it is renewed', [acme({ status: 'expired', current: life(-90, -1) })], PUBLIC, START],
    [
      'one that nobody wants and nobody got is dropped',
      [acme({ subject: 'gone.example.com', status: 'failed', ...never }), acme({ id: 'x' })],
      PUBLIC,
      [{ do: 'drop', id: 'one' }],
    ],
    [
      'one that nobody wants any more stays while it is valid and is not renewed',
      [acme({ subject: 'gone.example.com', current: life(-80, 10) }), acme({ id: 'x' })],
      PUBLIC,
      [],
    ],
    ['an imported one serves its hosts', [imported(['*.example.com'])], PUBLIC, []],
    ['not two labels below', [imported(['*.com'])], PUBLIC, [{ do: 'add', host: HOST }]],
    [
      'an imported one that is about to end is made up for',
      [imported(['*.example.com'], { current: life(-80, 13) })],
      PUBLIC,
      [{ do: 'add', host: HOST }],
    ],
    ['where nobody is asked, nothing is dropped or renewed', [acme({ status: 'failed', ...never })], OFF, []],
  ])('%s', (_, stored, settings, actions) => {
    // Without an authority nothing is started either, whatever is due.
    expect(planCertificates([HOST], stored, settings, NOW).actions).toEqual(actions)
  })

  test.each([
    ['shop.example.com', true, true],
    ['*.example.com', false, false],
    ['10.0.0.1', false, false],
    ['shop', false, true],
    ['web--shop.localhost', false, true],
    ['db.internal', false, true],
    ['nas.home.arpa', false, true],
    ['localhost.example.com', true, true],
  ])('%s is asked of a public authority: %s, of one of our own: %s', (host, ofPublic, ofOwn) => {
    expect(isIssuable(host, PUBLIC)).toBe(ofPublic)
    expect(isIssuable(host, OWN)).toBe(ofOwn)
  })

  test('waits grow from a minute to a day, and an authority that asks for longer gets it', () => {
    const minutes = [1, 2, 3, 4, 5, 6, 7, 8, 100].map((failures) => retryAfterMs(failures) / 60_000)
    expect(minutes).toEqual([1, 5, 15, 60, 240, 720, 1440, 1440, 1440])
    expect(retryAfterMs(1, 3_600_000)).toBe(3_600_000)
    expect(retryAfterMs(7, 1000)).toBe(DAY)
  })
})

describe('what is served', () => {
  test('an imported certificate goes before our own, a longer one before a shorter, and none after its end', () => {
    const own = acme({ current: life(-1, 89) })
    const wild = imported(['*.example.com'], { current: life(-1, 20) })
    const short = acme({ id: 'short', current: life(-80, 2) })
    expect(servedHosts([own, wild], NOW)).toEqual([{ id: 'two', hosts: ['*.example.com'] }])
    expect(servedHosts([short, own], NOW)).toEqual([{ id: 'one', hosts: [HOST] }])
    expect(servedHosts([own, { ...wild, current: life(-9, 0) }], NOW)).toEqual([{ id: 'one', hosts: [HOST] }])
  })
})

const hosts = fc.constantFrom(
  'a.example.com',
  'b.example.com',
  'c.d.example.com',
  '*.example.com',
  'x.localhost',
)
const times = fc.integer({ min: -400, max: 400 })
const current = fc
  .tuple(times, fc.double({ min: 0.1, max: 400, noNaN: true }))
  .map(([from, days]) => life(from, from + days))
const stored: fc.Arbitrary<StoredCertificate[]> = fc
  .uniqueArray(
    fc.record({
      source: fc.constantFrom('acme' as const, 'imported' as const),
      subject: hosts,
      status: fc.constantFrom(...(Object.keys(certificateMoves) as (keyof typeof certificateMoves)[])),
      current: fc.option(current),
      nextTryAt: fc.option(times.map(inDays)),
    }),
    { selector: ({ source, subject }) => `${source} ${subject}` },
  )
  .map((all) => all.map((one, index) => ({ ...one, id: `c${index}`, hosts: [one.subject] })))
  .map((all) => all.filter(isPossible))

/** Nothing is served before it was issued, and what is active or was, is. */
const isPossible = ({ status, current: held }: StoredCertificate): boolean =>
  status === 'pending' || status === 'issuing' || status === 'failed' ? held === null : held !== null

const settings = fc.record({ issues: fc.boolean(), privateAuthority: fc.boolean() })

type Given = { served: readonly string[]; how: CertificateSettings }

function isAllowed(action: CertificateAction, one: StoredCertificate | undefined, { served, how }: Given) {
  if (action.do === 'add') return how.issues && isIssuable(action.host, how) && served.includes(action.host)
  if (one === undefined) return false
  if (action.do === 'drop') return ['pending', 'failed', 'expired'].includes(one.status)
  if (action.do === 'expire') return canMove(certificateMoves, one.status, 'expired')
  const isDue = one.nextTryAt === null || one.nextTryAt <= NOW
  const next = one.current === null ? 'issuing' : 'renewing'
  const isWanted = how.issues && one.source === 'acme' && served.includes(one.subject)
  return isDue && isWanted && canMove(certificateMoves, one.status, next)
}

describe('whatever is stored', () => {
  test('every action names a certificate once, is a move that its state allows, and asks only for what may be asked', () => {
    fc.assert(
      fc.property(fc.uniqueArray(hosts), stored, settings, (served, all, how) => {
        const { actions } = planCertificates(served, all, how, NOW)
        const names = actions.map((action) => (action.do === 'add' ? action.host : action.id))
        expect(new Set(names).size).toBe(names.length)
        for (const action of actions) {
          const one = all.find(({ id }) => action.do !== 'add' && id === action.id)
          expect(isAllowed(action, one, { served, how })).toBe(true)
        }
      }),
    )
  })

  test('a host that may be asked for is under way, waits for its time, or is served with an imported one', () => {
    fc.assert(
      fc.property(fc.uniqueArray(hosts), stored, settings, (served, all, how) => {
        const { actions } = planCertificates(served, all, { ...how, issues: true }, NOW)
        for (const host of served.filter((name) => isIssuable(name, how))) {
          const own = all.find(({ source, subject }) => source === 'acme' && subject === host)
          const acted = actions.some((action) =>
            action.do === 'add' ? action.host === host : action.id === own?.id && action.do !== 'drop',
          )
          const under = own?.status === 'issuing' || own?.status === 'renewing'
          const waits =
            own !== undefined &&
            ((own.nextTryAt ?? NOW) > NOW || (own.current !== null && renewAt(own.current) > NOW))
          const byOther = all.some(
            (one) =>
              one.source === 'imported' &&
              one.hosts.some((name) => covers(name, host)) &&
              (one.current?.notAfter ?? NOW) > NOW,
          )
          expect(acted || under || waits || byOther).toBe(true)
        }
      }),
    )
  })

  test('each name is served with one certificate that is valid, and every valid one that is alone is served', () => {
    fc.assert(
      fc.property(stored, (all) => {
        const served = servedHosts(all, NOW)
        const names = served.flatMap((one) => one.hosts)
        expect(new Set(names).size).toBe(names.length)
        for (const { id } of served)
          expect(all.find((one) => one.id === id)!.current!.notAfter.getTime()).toBeGreaterThan(NOW.getTime())
        for (const one of all.filter((each) => (each.current?.notAfter ?? NOW) > NOW))
          for (const host of one.hosts) expect(names.some((name) => covers(name, host))).toBe(true)
      }),
    )
  })

  test('a certificate is renewed while it is valid, with a third of its life or thirty days left', () => {
    fc.assert(
      fc.property(current, (one) => {
        const at = renewAt(one).getTime()
        const [from, to] = [one.notBefore.getTime(), one.notAfter.getTime()]
        expect(at).toBeGreaterThan(from)
        expect(at).toBeLessThan(to)
        expect(Math.min((to - from) / 3, 30 * DAY)).toBeCloseTo(to - at, -1)
      }),
    )
  })
})
