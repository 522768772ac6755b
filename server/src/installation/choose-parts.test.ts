import { expect, test } from 'vitest'
import { chooseParts, type Installation } from './choose-parts.ts'

const auto = { runtime: 'auto', gateway: 'auto' } as const
const all = { engine: true, haproxy: true }
const nothing = { engine: false, haproxy: false }
const onDocker: Installation = { id: 'a', runtime: 'docker', gateway: 'haproxy' }

test('the first start takes Docker and HAProxy where they are, and the embedded parts where they are not', () => {
  expect(chooseParts(auto, all)).toMatchObject({ runtime: 'docker', gateway: 'haproxy' })
  expect(chooseParts(auto, nothing)).toMatchObject({ runtime: 'process', gateway: 'embedded' })
})

test('an engine that is away at a later start is not a reason to run the services elsewhere', () => {
  expect(chooseParts(auto, { ...all, engine: false }, onDocker).runtime).toBe('docker')
  const onProcesses: Installation = { id: 'a', runtime: 'process', gateway: 'embedded' }
  expect(chooseParts(auto, all, onProcesses)).toMatchObject({ runtime: 'process', gateway: 'embedded' })
})

test('another runtime for services that run already is refused with what to do', () => {
  expect(() => chooseParts({ ...auto, runtime: 'process' }, all, onDocker)).toThrow(/another FAIRWAY_DATA/)
})

test('a gateway may be changed on request, and the former one is named so that it can be ended', () => {
  expect(chooseParts({ ...auto, gateway: 'embedded' }, all, onDocker)).toMatchObject({
    gateway: 'embedded',
    formerGateway: 'haproxy',
  })
  expect(chooseParts(auto, all, onDocker)).not.toHaveProperty('formerGateway')
})

test('what was asked for and is not there is refused, with what to do', () => {
  expect(() => chooseParts({ ...auto, runtime: 'docker' }, nothing)).toThrow(/no Docker Engine answers/)
  expect(() => chooseParts({ ...auto, gateway: 'haproxy' }, nothing)).toThrow(/Install haproxy/)
  expect(() => chooseParts(auto, { ...all, haproxy: false }, onDocker)).toThrow(/FAIRWAY_GATEWAY=embedded/)
})
