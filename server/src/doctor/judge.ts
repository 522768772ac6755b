import { type Finding, failure, ok, warning } from './finding.ts'

const GIB = 1024 ** 3
const LEAST_FREE = 1 * GIB
const WISHED_FREE = 5 * GIB
const LEAST_NODE = [20, 19]
const LEAST_ENGINE = [20, 10]
const LEAST_HAPROXY = [2, 4]
const MOST_SKEW_MS = 5_000

/** Whether a version such as `20.10.24+dfsg1` is at least this one. */
export function isAtLeast(version: string, [major = 0, minor = 0]: readonly number[]): boolean {
  const [hasMajor = 0, hasMinor = 0] = version.split('.').map((part) => Number.parseInt(part, 10))
  return hasMajor > major || (hasMajor === major && hasMinor >= minor)
}

export function judgeNode(version: string): Finding {
  if (isAtLeast(version, LEAST_NODE)) return ok('Node.js', version)
  return failure('Node.js', version, 'Install Node.js 20.19 or newer.')
}

export function judgeDisk(folder: string, freeBytes: number): Finding {
  const seen = `${(freeBytes / GIB).toFixed(1)} GiB free at ${folder}`
  if (freeBytes < LEAST_FREE) {
    return failure('disk', seen, 'Make room, or move the data folder: builds and backups will fail.')
  }
  if (freeBytes < WISHED_FREE) {
    return warning('disk', seen, 'Make room soon: images and backups need some GiB.')
  }
  return ok('disk', seen)
}

export type EngineFacts = {
  version: string
  memoryLimit: boolean
  cpuLimit: boolean
  pidsLimit: boolean
  liveRestore: boolean
}

export function judgeEngine(facts: EngineFacts): Finding[] {
  const { version, memoryLimit, cpuLimit, pidsLimit, liveRestore } = facts
  if (!isAtLeast(version, LEAST_ENGINE)) {
    return [failure('engine', `Docker Engine ${version}`, 'Install Docker Engine 20.10 or newer.')]
  }
  const missing = [
    ...(memoryLimit ? [] : ['memory']),
    ...(cpuLimit ? [] : ['processor time']),
    ...(pidsLimit ? [] : ['processes']),
  ]
  return [
    ok('engine', `Docker Engine ${version}`),
    missing.length === 0
      ? ok('limits', 'memory, processor time and processes can be limited')
      : warning(
          'limits',
          `cannot limit ${missing.join(', ')}`,
          'Turn these control groups on at boot (for memory: cgroup_enable=memory swapaccount=1).',
        ),
    liveRestore
      ? ok('live restore', 'containers go on while the engine restarts')
      : warning(
          'live restore',
          'a restart of the engine stops every container',
          'Add "live-restore": true to /etc/docker/daemon.json and reload the engine.',
        ),
  ]
}

export function judgeHaproxy(version: string | undefined): Finding {
  if (version === undefined) {
    return warning(
      'HAProxy',
      'not installed',
      'Install haproxy (2.4 or newer) for TLS, HTTP/2 and TCP; until then the embedded gateway serves HTTP/1.1.',
    )
  }
  if (isAtLeast(version, LEAST_HAPROXY)) return ok('HAProxy', version)
  return failure('HAProxy', version, 'Install haproxy 2.4 or newer.')
}

/** `remote` is a clock elsewhere that was read at `local`, give or take `roundTripMs`. */
export function judgeClock(name: string, local: Date, remote: Date, roundTripMs: number): Finding {
  const skew = Math.abs(local.getTime() - remote.getTime())
  const seen = `${(skew / 1000).toFixed(1)} s apart from the clock of ${name}`
  if (skew <= MOST_SKEW_MS + roundTripMs) return ok('clock', seen)
  return failure('clock', seen, 'Set the clock by NTP: certificates and schedules go wrong otherwise.')
}

/** `holder` says who listens there now: nobody, a Fairway, or something else. */
export function judgePort(
  name: string,
  address: string,
  holder: 'nobody' | 'fairway' | 'other' | 'forbidden',
): Finding {
  if (holder === 'nobody') return ok(name, `${address} is free`)
  if (holder === 'fairway') return ok(name, `${address} is Fairway's`)
  if (holder === 'forbidden') {
    return failure(
      name,
      `${address} is not ours to open`,
      'Take a port above 1023, or grant the capability to bind it.',
    )
  }
  return failure(name, `${address} is taken by another program`, `End it, or choose another ${name}.`)
}
