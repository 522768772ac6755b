import { expect, test } from 'vitest'
import { parseChallenge } from './challenge.ts'
import { hostPlatform, runsOn } from './platform.ts'

test('a bearer challenge gives realm, service and scope, quoted or bare, in any order', () => {
  expect(
    parseChallenge(
      'Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="a:b:pull,push"',
    ),
  ).toEqual({
    scheme: 'bearer',
    realm: 'https://auth.docker.io/token',
    service: 'registry.docker.io',
    scope: 'a:b:pull,push',
  })
  expect(parseChallenge('bearer service=x, realm="/token"')).toEqual({
    scheme: 'bearer',
    realm: '/token',
    service: 'x',
  })
})

test('of several challenges the token is taken, else the password, else nothing', () => {
  expect(parseChallenge('Basic realm="a", Bearer realm="https://t"')).toMatchObject({ realm: 'https://t' })
  expect(parseChallenge('BASIC realm="a"')).toEqual({ scheme: 'basic' })
  expect(parseChallenge('Negotiate')).toBeUndefined()
  expect(parseChallenge(null)).toBeUndefined()
})

test('a host runs images of its own architecture, an arm host those of older arms too', () => {
  const arm = hostPlatform('arm')
  expect(runsOn(arm, { os: 'linux', architecture: 'arm', variant: 'v6' })).toBe(true)
  expect(runsOn(arm, { os: 'linux', architecture: 'arm', variant: 'v8' })).toBe(false)
  expect(runsOn(hostPlatform('x64'), { os: 'linux', architecture: 'amd64' })).toBe(true)
  expect(runsOn(hostPlatform('x64'), { os: 'windows', architecture: 'amd64' })).toBe(false)
  expect(runsOn(hostPlatform('arm64'), { os: 'linux', architecture: 'arm64', variant: 'v8' })).toBe(true)
})
