import { describe, expect, test } from 'vitest'
import type { InstanceSpec } from '../../reconcile/runtime-port.ts'
import { containerOptions, type Surroundings } from './container-options.ts'
import { abilitiesOf, capabilitiesOf } from './engine-abilities.ts'
import { entrypointOf } from './image-process.ts'
import { pullFailure, registryOf } from './images.ts'
import { containerName } from './labels.ts'
import { listeners } from './measure.ts'
import { lost, observed } from './observation.ts'

const spec: InstanceSpec = {
  id: 'one.0',
  labels: { projectId: 'shop', ownerKind: 'service', ownerId: 'web', revision: 'r1' },
  artifact: { kind: 'image', reference: 'sha256:1' },
  processType: 'web',
  env: { PORT: '1', A: 'b' },
  files: [],
  ports: [{ name: 'http-1', internalPort: 3000 }],
  limits: {},
}

const around: Surroundings = {
  installation: 'i',
  image: 'sha256:1',
  entrypoint: undefined,
  network: 'n',
  mounts: [],
  cpus: 2,
  limitsDisk: false,
}

const hostOf = (change: Partial<InstanceSpec>, surroundings: Partial<Surroundings> = {}) =>
  containerOptions({ ...spec, ...change }, { ...around, ...surroundings }).HostConfig

describe('what the engine is asked to create', () => {
  test('an instance may use no more processors than there are, and no swap', () => {
    const limits = { cpuMillis: 4000, memoryMb: 64, shmMb: 32, pids: 5 }
    expect(hostOf({ limits })).toMatchObject({
      NanoCpus: 2e9,
      Memory: 64 * 2 ** 20,
      MemorySwap: 64 * 2 ** 20,
      ShmSize: 32 * 2 ** 20,
      PidsLimit: 5,
    })
    expect(hostOf({})).toMatchObject({ PidsLimit: 4096 })
    expect(hostOf({})).not.toHaveProperty('Memory')
  })

  test('its own disk is limited only where the engine can', () => {
    const limits = { ephemeralMb: 2048 }
    expect(hostOf({ limits })).not.toHaveProperty('StorageOpt')
    expect(hostOf({ limits }, { limitsDisk: true })).toMatchObject({ StorageOpt: { size: '2048M' } })
  })

  test('its ports win over its variables', () => {
    const { Env } = containerOptions(spec, around)
    expect(Env).toEqual(expect.arrayContaining(['PORT=3000', 'PORT_HTTP_1=3000', 'A=b']))
    expect(Env).not.toContain('PORT=1')
  })

  test('one id has one name, and another installation another one', () => {
    expect(containerName('i', spec)).toMatch(/^fairway-shop-web-[0-9a-f]{16}$/)
    expect(containerName('i', spec)).toBe(containerName('i', { ...spec, labels: spec.labels }))
    expect(containerName('j', spec)).not.toBe(containerName('i', spec))
    expect(containerName('i', { ...spec, id: 'one.1' })).not.toBe(containerName('i', spec))
  })

  test('an image of buildpacks starts the process type that is asked for, and any command in its environment', () => {
    const metadata = JSON.stringify({ processes: [{ type: 'web' }, { type: 'worker' }] })
    const packed = { Config: { Labels: { 'io.buildpacks.build.metadata': metadata } } }
    expect(entrypointOf({ processType: 'worker' }, packed)).toEqual(['/cnb/process/worker'])
    expect(entrypointOf({ processType: 'job' }, packed)).toBeUndefined()
    expect(entrypointOf({ processType: 'web', command: ['a'] }, packed)).toEqual(['/cnb/lifecycle/launcher'])
    expect(entrypointOf({ processType: 'web', entrypoint: ['e'] }, packed)).toEqual(['e'])
    expect(entrypointOf({ processType: 'web', command: ['a'] }, { Config: { Labels: {} } })).toBeUndefined()
  })
})

test('what the engine cannot enforce is said', () => {
  const info = { NCPU: 2, CpuCfsQuota: true, MemoryLimit: false, Driver: 'overlay2' }
  const onExt = abilitiesOf({ ...info, DriverStatus: [['Backing Filesystem', 'extfs']] })
  expect(capabilitiesOf(onExt, []).remark).toMatch(/Memory limits are not enforced.*disk of an instance/)
  const onXfs = abilitiesOf({ ...info, MemoryLimit: true, DriverStatus: [['Backing Filesystem', 'xfs']] })
  expect(capabilitiesOf(onXfs, [])).toEqual({ name: 'docker', cpuLimits: true, memoryLimits: true })
})

test.each([
  ['manifest for a@sha256:1 not found: manifest unknown: manifest unknown', 'image_not_found'],
  ['pull access denied for a, repository does not exist or may require docker login: denied', 'image_denied'],
  ['Head "https://r/v2/a/manifests/1": unauthorized: authentication required', 'image_denied'],
  ['no matching manifest for linux/arm64 in the manifest list entries', 'image_platform'],
  ['write /var/lib/x: no space left on device', 'disk_full'],
  ['Get "http://r:5000/v2/": dial tcp 10.0.0.1:5000: connect: connection refused', 'registry_unreachable'],
  ['Get "https://r/v2/": dial tcp: lookup r: no such host', 'registry_unreachable'],
  ['Get "https://r/v2/": net/http: request canceled (Client.Timeout exceeded)', 'registry_unreachable'],
])('a pull that ends with "%s" is told as %s', (message, code) => {
  expect(pullFailure('a@sha256:1', new Error(message))).toMatchObject({ code, detail: message })
})

test.each([
  ['registry.example.com/team/app@sha256:1', 'registry.example.com'],
  ['127.0.0.1:5000/app@sha256:1', '127.0.0.1:5000'],
  ['localhost/app', 'localhost'],
  ['library/nginx@sha256:1', 'https://index.docker.io/v1/'],
  ['nginx', 'https://index.docker.io/v1/'],
])('credentials of %s go to %s', (reference, registry) => {
  expect(registryOf(reference)).toBe(registry)
})

const HEAD =
  '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode'

test("ports are those that are listened on, without the engine's own name server", () => {
  const line = (address: string, state: string) => `   0: ${address} 00000000:0000 ${state} 00000000:00000000`
  const table = [HEAD, line('00000000:0BB8', '0A'), line('0B00007F:9C41', '0A'), line('0100007F:1F90', '01')]
  expect(listeners(`${table.join('\n')}\n`)).toEqual([3000])
})

describe('what the engine says of a container', () => {
  const labels = { 'fairway.instance': 'one', 'fairway.project': 'p', 'fairway.ports': '{"web":3000}' }
  const seen = (State: object) =>
    ({
      Created: '2026-01-01T12:00:00Z',
      Config: { Labels: labels },
      NetworkSettings: { Networks: { n: { IPAddress: '172.18.0.2' } } },
      State: { StartedAt: '2026-01-01T12:00:01Z', FinishedAt: '2026-01-01T12:00:09Z', ...State },
    }) as unknown as Parameters<typeof observed>[0]

  test.each([
    [{ ExitCode: 3, OOMKilled: false }, { exitCode: 3 }],
    [
      { ExitCode: 137, OOMKilled: false },
      { exitCode: 137, signal: 'SIGKILL' },
    ],
    [
      { ExitCode: 137, OOMKilled: true },
      { exitCode: 137, signal: 'OOM' },
    ],
    // A child that ran out of memory earlier did not end the program.
    [{ ExitCode: 0, OOMKilled: true }, { exitCode: 0 }],
  ])('an end with %o is told as %o', (state, end) => {
    const told = observed(seen({ Status: 'exited', ...state }))
    expect(told).toMatchObject({ state: 'exited', addresses: {}, ...end })
    expect(told?.signal).toBe('signal' in end ? end.signal : undefined)
  })

  test('one that was made and not started is nothing yet, and an end once it is lost', () => {
    const created = seen({ Status: 'created' })
    expect(observed(created)).toBeUndefined()
    expect(lost(created, new Date('2026-01-01T12:09:59Z'))).toBeUndefined()
    expect(lost(created, new Date('2026-01-01T12:10:00Z'))).toMatchObject({ id: 'one', state: 'exited' })
  })
})
