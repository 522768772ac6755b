import { describe, expect, test } from 'vitest'
import { caddyHere } from '../certificates/acme/test-caddy.ts'
import { haproxyHere } from '../traffic/haproxy/test-haproxy.ts'
import { certificateCrashPoints } from './certificates.ts'
import { SHOP, withCertificates } from './certificates-test-project.ts'
import { tlsCrashPoints } from './tls.ts'

/** The first thing of all is the key of the account: nothing is done with one that is not stored. */
const registered: readonly string[] = certificateCrashPoints

describe.skipIf(!caddyHere || !haproxyHere)('killed while a certificate is made', () => {
  test.each([...tlsCrashPoints, ...certificateCrashPoints])(
    'killed at %s, it is made all the same, once, and served; there is one account',
    (point) =>
      withCertificates(async (project) => {
        await project.serve('web', [SHOP])
        expect(await project.liveUntil(point)).toBe('SIGKILL')
        const accounts = await project.accountKeys()
        expect(accounts).toHaveLength(registered.includes(point) ? 1 : 0)
        await project.whileWorking(
          async () => {
            const { current } = await project.reaches(SHOP, 'active', ({ status }) => status === 'active')
            await project.isServed(SHOP, current?.fingerprint ?? '')
          },
          { patienceMs: 60_000 },
        )
        expect(await project.versions()).toHaveLength(1)
        expect(await project.events(SHOP)).toEqual(['certificate.issued'])
        expect((await project.accountKeys()).slice(0, accounts.length)).toEqual(accounts)
        expect(await project.accountKeys()).toHaveLength(1)
      }),
    60_000,
  )
})
