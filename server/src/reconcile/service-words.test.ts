import { emptyHistogram, recordLatency } from '@fairway/contract/latency-histogram'
import { ports } from '@fairway/contract/resources/ports'
import { describe, expect, test } from 'vitest'
import { splitCommand } from '../lib/split-command.ts'
import { roomFor } from './desired-service.ts'
import { type FailureEvidence, failureMessage } from './failure-message.ts'
import { publicHosts, publicTcpPorts } from './public-hosts.ts'
import { closeReceipt } from './receipt.ts'
import { probeAddress, runSettings } from './run-config.ts'
import { compare } from './service-resync.ts'

describe('public names', () => {
  const hosts = (...list: unknown[]) =>
    publicHosts({ projectId: 'shop', serviceId: 'web' }, ports.parse(list), 'example.org')

  test('the first public port has the short name, others carry theirs in front', () => {
    const http = { name: 'http', internalPort: 80, public: true }
    const admin = { name: 'admin', internalPort: 81, public: true }
    expect(hosts({ name: 'db', internalPort: 5432 }, http, admin)).toEqual([
      { port: 'http', hosts: ['web--shop.example.org'], pathPrefix: '/' },
      { port: 'admin', hosts: ['admin--web--shop.example.org'], pathPrefix: '/' },
    ])
  })

  test('an HTTP/2 port says so, a TCP port has no host name, and UDP is never public', () => {
    const grpc = { name: 'grpc', internalPort: 80, public: true, protocol: 'HTTP/2' }
    const sql = { name: 'sql', internalPort: 5432, public: true, protocol: 'TCP' }
    expect(hosts(sql, grpc)).toEqual([
      { port: 'grpc', hosts: ['web--shop.example.org'], pathPrefix: '/', protocol: 'HTTP/2' },
    ])
    expect(publicTcpPorts(ports.parse([sql, grpc]))).toEqual(['sql'])
    expect(ports.safeParse([{ ...sql, protocol: 'UDP' }]).success).toBe(false)
    expect(ports.safeParse([{ ...sql, domains: ['a.test'] }]).success).toBe(false)
  })

  test('domains serve their path, and may be the only names', () => {
    const port = { name: 'http', internalPort: 80, public: true, domains: ['a.test'], pathPrefix: '/api' }
    expect(hosts(port)[1]).toEqual({ port: 'http', hosts: ['a.test'], pathPrefix: '/api' })
    expect(hosts({ ...port, disableNfDomain: true })).toHaveLength(1)
  })
})

describe('how instances run', () => {
  test.each([
    ['node server.js', ['node', 'server.js']],
    [`sh -c 'echo "a b"'`, ['sh', '-c', 'echo "a b"']],
    ['a\\ b  "c \\"d\\""', ['a b', 'c "d"']],
    [`--x='1 2'"3" ''`, ['--x=1 23', '']],
    ['', []],
  ])('the command %s is split, not interpreted', (line, words) => {
    expect(splitCommand(line)).toEqual(words)
  })

  test('a custom entrypoint comes before a custom command; a custom process names the process', () => {
    const docker = {
      configType: 'customEntrypointCustomCommand',
      customEntrypoint: 'tini --',
      customCommand: 'node a.js',
    }
    expect(runSettings({ config: { docker } }).start).toEqual({
      entrypoint: ['tini', '--'],
      command: ['node', 'a.js'],
    })
    const buildpack = { configType: 'customProcess', customProcess: 'worker' }
    expect(runSettings({ config: { buildpack } })).toMatchObject({
      start: {},
      processType: 'worker',
    })
  })

  test('shared memory and disk of a service limit each of its instances', () => {
    const storage = { shmSize: 128, ephemeralStorage: { storageSize: 2048 } }
    expect(runSettings({ config: { storage } }).limits).toEqual({ shmMb: 128, ephemeralMb: 2048 })
    expect(runSettings({ config: {} }).limits).toEqual({})
  })

  test('a probe of a configured port asks at its real address, of another one where it says', () => {
    const known = { http: { host: '10.0.0.1', port: 20_001 } }
    const list = [{ name: 'http', internalPort: 3000 }]
    expect(probeAddress({ port: 3000 }, list, known)).toEqual({ host: '10.0.0.1', port: 20_001 })
    expect(probeAddress({ port: 9090 }, list, known)).toEqual({ host: '10.0.0.1', port: 9090 })
  })

  test.each([
    [undefined, { maxSurge: 1, maxUnavailable: 0 }],
    [{ type: 'recreate' }, { maxSurge: 0, maxUnavailable: 5 }],
    [{ type: 'rollout-fast' }, { maxSurge: 5, maxUnavailable: 0 }],
    [
      { type: 'custom', settings: { maxSurge: '25%', maxUnavailable: '25%' } },
      { maxSurge: 2, maxUnavailable: 1 },
    ],
    [
      { type: 'custom', settings: { maxSurge: 0, maxUnavailable: '10%' } },
      { maxSurge: 1, maxUnavailable: 0 },
    ],
  ] as const)('the strategy %j gives five instances the room %j', (strategy, room) => {
    expect(roomFor(strategy, 5)).toEqual(room)
  })
})

describe('why a rollout failed', () => {
  const check = {
    type: 'readinessProbe',
    protocol: 'HTTP',
    path: '/ready',
    port: 3000,
    initialDelaySeconds: 0,
    periodSeconds: 1,
    timeoutSeconds: 1,
    failureThreshold: 3,
    successThreshold: 1,
  } as const
  const answer = {
    at: '',
    ok: false,
    latencyMs: 1,
    response: 'connection refused: nothing listens on port 20001',
  }
  const record = { passing: false, successes: 0, failures: 3, changedAt: '', lastAnswers: [answer] }
  const evidence = (change: Partial<FailureEvidence> = {}): FailureEvidence => ({
    instance: 'i',
    restarts: 0,
    exit: null,
    probe: null,
    ports: null,
    logs: [],
    deadlineSeconds: 8,
    ...change,
  })

  test('names the probe, its last answer, the ports and the last lines', () => {
    const message = failureMessage(
      'deadline',
      evidence({
        probe: { check, record },
        ports: { wanted: 20_001, listening: [8080] },
        logs: ['listening on 8080'],
      }),
    )
    expect(message).toBe(
      'The new version made no progress for 8 s. The readiness probe (GET /ready on port 3000) failed. ' +
        'Its last answer: connection refused: nothing listens on port 20001. ' +
        'Nothing listens on port 3000 (here 20001, given as $PORT); the process listens on port 8080. ' +
        'The last good version stays.\nLast log lines:\nlistening on 8080',
    )
  })

  test('names the exit', () => {
    const exit = { exitCode: 7 }
    expect(failureMessage('crash-loop', evidence({ exit, restarts: 3 }))).toMatch(
      /exited with status 7, 4 times in a row/,
    )
    expect(failureMessage('crashed-after-ready', evidence({ exit: { signal: 'OOM' } }))).toMatch(
      /more memory/,
    )
    expect(failureMessage('deadline', evidence({ instance: null }))).toMatch(/No instance .* within 8 s/)
  })
})

describe('the receipt', () => {
  const totals = (requests: number, failures: number, longestGapMs: number) => ({
    requests,
    failures,
    longestGapMs,
    latencyMs: { p50: 1, p99: 2 },
  })
  const measured = (durationMs: number) => ({
    by: { by: 'gateway', remarks: ['rough'] },
    isPublic: true,
    durationMs,
  })
  const open = { start: totals(100, 1, 50) }

  test('counts what came since the start, and says who measured it', () => {
    expect(closeReceipt(open, totals(150, 1, 80), measured(900))).toMatchObject({
      measuredBy: 'gateway',
      requests: 50,
      failures: 0,
      longestGapMs: 80,
      durationMs: 900,
      remarks: ['rough'],
    })
  })

  test('says of a gap that was not the longest ever only how long it was at most', () => {
    const receipt = closeReceipt(open, totals(150, 1, 50), measured(1))
    expect(receipt).toMatchObject({ longestGapMs: null, gapAtMostMs: 50 })
  })

  test('tells the latency of the answers since the start, not of those before', () => {
    const [slow, quick] = [emptyHistogram(), emptyHistogram()]
    recordLatency(slow, 1_000)
    for (const ms of [1_000, 2, 2, 2]) recordLatency(quick, ms)
    const start = { ...totals(1, 0, 0), latencyCounts: slow }
    const { latencyMs } = closeReceipt({ start }, { ...totals(4, 0, 0), latencyCounts: quick }, measured(1))
    expect(latencyMs?.p99).toBeLessThan(3)
    expect(closeReceipt({ start }, totals(4, 0, 0), measured(1)).latencyMs).toBeNull()
  })

  test('of a gateway that was started anew counts all it has, and says so', () => {
    const receipt = closeReceipt(open, totals(20, 2, 10), measured(1))
    expect(receipt).toMatchObject({ requests: 20, failures: 2, longestGapMs: 10 })
    expect(receipt.remarks[0]).toContain('started anew')
  })

  test.each([
    ['the gateway does not answer', undefined, true, 'did not answer'],
    ['no request passes the gateway', totals(150, 1, 80), false, 'no public port'],
  ])('invents nothing when %s', (_, end, isPublic, why) => {
    expect(closeReceipt(open, end, { ...measured(1), isPublic })).toMatchObject({
      measuredBy: null,
      requests: null,
      failures: null,
      longestGapMs: null,
      remarks: [expect.stringContaining(why)],
    })
  })
})

describe('the comparison of everything', () => {
  const row = (id: string, state: string) => ({ id, service: `p/${id}`, attempt: 0, state, routed: true })
  const seen = (id: string, state: 'running' | 'exited' = 'running') => ({
    id,
    state,
    labels: { projectId: 'p', ownerKind: 'service' as const, ownerId: 's', revision: 'v' },
    addresses: {},
    startedAt: new Date(0),
  })
  const wanted = [{ service: 'p/a', generation: 4 }]

  test('finds nothing where everything is as it should be', () => {
    const found = compare([row('a', 'running'), row('b', 'crashed')], [seen('a.0'), seen('b.0', 'exited')], {
      wanted,
      held: new Map([['p/a', 4]]),
    })
    expect(found).toEqual({ services: new Set(), orphans: [], unrouted: [], corrections: 0 })
  })

  test('finds instances that ended unseen, routes that were lost, and instances that no row knows', () => {
    const orphan = seen('x.1')
    const found = compare([row('a', 'running'), row('b', 'running')], [seen('b.0'), orphan], {
      wanted,
      held: new Map([['p/a', 3]]),
    })
    expect(found).toEqual({
      services: new Set(['p/a']),
      orphans: [orphan],
      unrouted: ['p/a'],
      corrections: 2,
    })
  })
})
