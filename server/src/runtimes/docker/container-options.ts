import type { ProcessLimits } from '@fairway/contract/resources/shapes'
import type Docker from 'dockerode'
import { PROCESS_VARIABLE } from '../../lib/process-variable.ts'
import type { InstanceSpec } from '../../reconcile/runtime-port.ts'
import { containerName, labelsOf } from './labels.ts'

/** What the rest of the runtime found out before the container is made. */
export type Surroundings = {
  installation: string
  image: string
  /** Undefined: the image's own. */
  entrypoint: readonly string[] | undefined
  network: string
  mounts: readonly Docker.MountSettings[]
  cpus: number
  limitsDisk: boolean
}

/**
 * What programs in ordinary images need to prepare themselves as root and then become another user. Everything else is
 * dropped: no raw sockets, no devices, no other root directory.
 */
const CAPABILITIES = [
  'CHOWN',
  'DAC_OVERRIDE',
  'FOWNER',
  'FSETID',
  'KILL',
  'NET_BIND_SERVICE',
  'SETGID',
  'SETUID',
]

const DEFAULT_PIDS = 4096
const MB = 1024 * 1024

/** Twenty-four megabytes of log at most; the engine turns the files over. */
const LOGS = { Type: 'json-file', Config: { 'max-size': '8m', 'max-file': '3' } }

/** What the engine is asked to create for an instance. Pure. */
export function containerOptions(spec: InstanceSpec, around: Surroundings): Docker.ContainerCreateOptions {
  return {
    name: containerName(around.installation, spec),
    Image: around.image,
    Labels: { ...labelsOf(around.installation, spec) },
    Env: environmentOf(spec),
    ...(around.entrypoint !== undefined && { Entrypoint: [...around.entrypoint] }),
    ...(spec.command !== undefined && { Cmd: [...spec.command] }),
    ...(spec.user !== undefined && { User: spec.user }),
    HostConfig: hostConfig(spec, around),
    NetworkingConfig: {
      EndpointsConfig: { [around.network]: { Aliases: [...(spec.aliases ?? [])] } },
    },
  }
}

function hostConfig(spec: InstanceSpec, around: Surroundings): Docker.HostConfig {
  return {
    ...limits(spec.limits, around),
    NetworkMode: around.network,
    Mounts: [...around.mounts],
    LogConfig: LOGS,
    CapDrop: ['ALL'],
    CapAdd: [...CAPABILITIES],
    SecurityOpt: ['no-new-privileges'],
    // A first process that passes signals on and collects orphans: few programs were written to be process 1.
    Init: true,
    // Whether it is started again is decided by who started it.
    RestartPolicy: { Name: 'no' },
    ...(spec.readOnlyRoot && { ReadonlyRootfs: true, Tmpfs: scratch(around.mounts) }),
  }
}

/** Hardly any program runs without a place for temporary files. */
const scratch = (mounts: Surroundings['mounts']): Record<string, string> =>
  mounts.some(({ Target }) => Target === '/tmp') ? {} : { '/tmp': 'rw,nosuid,nodev,mode=1777' }

function limits(
  { cpuMillis, memoryMb, shmMb, ephemeralMb, pids }: ProcessLimits,
  { cpus, limitsDisk }: Pick<Surroundings, 'cpus' | 'limitsDisk'>,
): Docker.HostConfig {
  return {
    // The engine refuses more processors than the machine has; all of them is then the same.
    ...(cpuMillis !== undefined && { NanoCpus: Math.min(cpuMillis * 1e6, cpus * 1e9) }),
    // As much with swap as without: a limit that swaps is none.
    ...(memoryMb !== undefined && { Memory: memoryMb * MB, MemorySwap: memoryMb * MB }),
    ...(shmMb !== undefined && { ShmSize: shmMb * MB }),
    ...(ephemeralMb !== undefined && limitsDisk && { StorageOpt: { size: `${ephemeralMb}M` } }),
    PidsLimit: pids ?? DEFAULT_PIDS,
  }
}

/** The instance's own variables win over what the runtime tells it, except for its ports. */
function environmentOf({ env, ports, processType }: InstanceSpec): string[] {
  const [first] = ports
  const all = {
    // Secret files lie at their own absolute paths.
    FAIRWAY_FILES_DIR: '/',
    // A generated image has one entry point for all its process types.
    [PROCESS_VARIABLE]: processType,
    ...env,
    ...(first !== undefined && { PORT: String(first.internalPort) }),
    ...Object.fromEntries(ports.map(({ name, internalPort }) => [portVariable(name), String(internalPort)])),
  }
  return Object.entries(all).map(([name, value]) => `${name}=${value}`)
}

const portVariable = (name: string): string => `PORT_${name.toUpperCase().replace(/[^A-Z0-9]/g, '_')}`
