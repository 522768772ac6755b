import { createHash } from 'node:crypto'
import type Docker from 'dockerode'
import type { AddonPlace, AddonSettings } from '../../reconcile/addon-port.ts'
import { type AddonNames, hostNames, LABEL } from './names.ts'

export type Wanted = {
  place: AddonPlace
  names: AddonNames
  /** The id of the image. */
  image: string
  settings: Pick<AddonSettings, 'tls' | 'limits'>
  /** Beside the generation that is in use. */
  isBeside: boolean
  /** How many the engine's machine has. */
  cpus: number
}

type Options = Docker.ContainerCreateOptions & { name: string }
type Settings = Wanted['settings']

const MB = 1024 * 1024
const NANOS_PER_MILLI = 1_000_000
const PIDS = 2048
/** More is not taken than is written there; PostgreSQL's parallel queries share their rows by it. */
const SHARED_MEMORY_MB = 1024
/** Twenty-four megabytes of log at most; the engine turns the files over. */
const LOGS = { Type: 'json-file', Config: { 'max-size': '8m', 'max-file': '3' } }

/** The container that serves a generation. Pure. */
export function servingOptions({ place, names, image, settings, isBeside, cpus }: Wanted): Options {
  const aliases = hostNames(place, isBeside)
  const options: Options = {
    name: names.container,
    Image: image,
    // No host name of its own: the project's network would give it to clients, whichever generation it is.
    Cmd: ['serve'],
    Env: environment(settings),
    Labels: {
      ...names.labels,
      [LABEL.host]: aliases[0],
      [LABEL.tls]: onOff(settings.tls),
    },
    HostConfig: {
      ...confined(settings, cpus),
      NetworkMode: names.network,
      // Data outlives Fairway, and who uses it does not wait for Fairway either: the engine itself starts it again, when
      // the server ends and when the engine does. One that was stopped on purpose stays stopped.
      RestartPolicy: { Name: 'unless-stopped' },
      Mounts: [
        { Type: 'volume', Source: names.data, Target: '/data' },
        { Type: 'volume', Source: names.tls, Target: '/tls', ReadOnly: true },
      ],
    },
    NetworkingConfig: { EndpointsConfig: { [names.network]: { Aliases: aliases } } },
  }
  return { ...options, Labels: { ...options.Labels, [LABEL.setup]: digestOf(options) } }
}

/** The container that makes the data. It reads secrets and a snapshot from its input, and has no network. Pure. */
export function setupOptions(
  { place, names, image, settings, cpus }: Wanted,
  command: 'init' | 'unpack',
): Options {
  return {
    name: names.setup,
    Image: image,
    Cmd: [command],
    Env: [...environment(settings), `FAIRWAY_NAMES=${certified(place).join(' ')}`],
    Labels: names.labels,
    OpenStdin: true,
    StdinOnce: true,
    AttachStdin: true,
    AttachStdout: true,
    AttachStderr: true,
    Healthcheck: { Test: ['NONE'] },
    HostConfig: {
      ...confined(settings, cpus),
      NetworkMode: 'none',
      Mounts: [
        { Type: 'volume', Source: names.data, Target: '/data' },
        { Type: 'volume', Source: names.tls, Target: '/tls' },
      ],
    },
  }
}

const certified = ({ addonId, projectId }: AddonPlace): string[] => [
  `${addonId}.addon`,
  addonId,
  `${addonId}.${projectId}`,
]

const environment = ({ tls, limits }: Settings): string[] => [
  `FAIRWAY_TLS=${onOff(tls)}`,
  ...(limits?.memoryMb === undefined ? [] : [`FAIRWAY_MEMORY_MB=${limits.memoryMb}`]),
]

const onOff = (tls: boolean | undefined): 'on' | 'off' => (tls === true ? 'on' : 'off')

/** The image's own user needs no privilege at all, and writes to the volume and to memory only. */
function confined({ limits }: Settings, cpus: number): Docker.HostConfig {
  return {
    Init: true,
    ReadonlyRootfs: true,
    CapDrop: ['ALL'],
    SecurityOpt: ['no-new-privileges'],
    PidsLimit: PIDS,
    ShmSize: Math.min(SHARED_MEMORY_MB, limits?.memoryMb ?? SHARED_MEMORY_MB) * MB,
    Tmpfs: { '/run/addon': 'rw,nosuid,nodev,noexec,size=16m,mode=1777', '/tmp': 'rw,nosuid,nodev,noexec' },
    LogConfig: LOGS,
    ...(limits?.memoryMb !== undefined && {
      Memory: limits.memoryMb * MB,
      MemorySwap: limits.memoryMb * MB,
    }),
    // The engine refuses more processors than the machine has; all of them is then the same.
    ...(limits?.cpuMillis !== undefined && {
      NanoCpus: Math.min(limits.cpuMillis, cpus * 1000) * NANOS_PER_MILLI,
    }),
  }
}

const digestOf = (options: Options): string =>
  createHash('sha256').update(JSON.stringify(options)).digest('hex').slice(0, 16)
