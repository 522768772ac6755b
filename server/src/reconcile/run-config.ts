import type { DockerConfig, StorageConfig } from '@fairway/contract/resources/deployment'
import type { HealthCheck } from '@fairway/contract/resources/health-check'
import { limitsOf, type PlanName } from '@fairway/contract/resources/plans'
import type { Port } from '@fairway/contract/resources/ports'
import type { ProcessLimits } from '@fairway/contract/resources/shapes'
import type { RevisionRow } from '../db/revisions.ts'
import { splitCommand } from '../lib/split-command.ts'
import type { ServiceMount } from '../operations/volumes/mounts.ts'
import { probesOf } from './probes/probe-state.ts'
import type { InstanceSpec } from './runtime-port.ts'

/** What a revision keeps of the spec it was made from. */
type RunConfig = {
  plan?: PlanName
  resources?: ProcessLimits
  docker?: DockerConfig
  storage?: StorageConfig
  buildpack?: {
    configType: string
    customProcess?: string
    customEntrypoint?: string
    customCommand?: string
  }
  healthChecks?: HealthCheck[]
  ports?: Pick<Port, 'name' | 'internalPort' | 'protocol'>[]
  volumes?: ServiceMount[]
}

/** How instances of a revision run. Pure. */
export type RunSettings = {
  /** What replaces the artifact's own way to start: words of `entrypoint`, then of `command`. */
  start: Pick<InstanceSpec, 'entrypoint' | 'command'>
  processType: string
  limits: ProcessLimits
  ports: { name: string; internalPort: number }[]
  checks: HealthCheck[]
  volumes: ServiceMount[]
}

export function runSettings({ config }: Pick<RevisionRow, 'config'>): RunSettings {
  const {
    plan,
    resources,
    docker,
    storage,
    buildpack,
    healthChecks,
    ports,
    volumes = [],
  } = config as RunConfig
  return {
    start: startOf(docker) ?? startOf(buildpack) ?? {},
    processType: buildpack?.configType === 'customProcess' ? (buildpack.customProcess ?? 'web') : 'web',
    limits: {
      ...limitsOf({
        ...(plan !== undefined && { billing: { deploymentPlan: plan } }),
        ...(resources !== undefined && { resources }),
      }),
      ...diskLimits(storage),
    },
    ports: (ports ?? []).map(({ name, internalPort }) => ({ name, internalPort })),
    checks: probesOf(healthChecks ?? []),
    volumes,
  }
}

type Start = {
  configType: string
  customEntrypoint?: string | undefined
  customCommand?: string | undefined
}

/** Undefined when nothing replaces what the artifact would start. */
function startOf(start: Start | undefined): RunSettings['start'] | undefined {
  if (start === undefined) return undefined
  const entrypoint = /customEntrypoint/.test(start.configType)
    ? splitCommand(start.customEntrypoint ?? '')
    : []
  const command = /customCommand/i.test(start.configType) ? splitCommand(start.customCommand ?? '') : []
  if (entrypoint.length + command.length === 0) return undefined
  return { ...(entrypoint.length > 0 && { entrypoint }), ...(command.length > 0 && { command }) }
}

const diskLimits = ({ shmSize, ephemeralStorage }: StorageConfig = {}): ProcessLimits => ({
  ...(shmSize !== undefined && { shmMb: shmSize }),
  ...(ephemeralStorage?.storageSize !== undefined && { ephemeralMb: ephemeralStorage.storageSize }),
})

/** Where a probe reaches an instance: a configured port by its real address, any other as it is on the same host. */
export function probeAddress(
  check: Pick<HealthCheck, 'port'>,
  ports: RunSettings['ports'],
  addresses: Readonly<Record<string, { host: string; port: number }>>,
): { host: string; port: number } {
  const name = ports.find(({ internalPort }) => internalPort === check.port)?.name
  const known = name === undefined ? undefined : addresses[name]
  const host = Object.values(addresses)[0]?.host ?? '127.0.0.1'
  return known ?? { host, port: check.port ?? 0 }
}
