import type { DockerConfig } from '@fairway/contract/resources/deployment'
import type { HealthCheck } from '@fairway/contract/resources/health-check'
import { limitsOf, type PlanName } from '@fairway/contract/resources/plans'
import type { Port } from '@fairway/contract/resources/ports'
import type { ProcessLimits } from '@fairway/contract/resources/shapes'
import type { RevisionRow } from '../db/revisions.ts'
import { splitCommand } from '../lib/split-command.ts'
import { probesOf } from './probes/probe-state.ts'

/** What a revision keeps of the spec it was made from. */
type RunConfig = {
  plan?: PlanName
  resources?: ProcessLimits
  docker?: DockerConfig
  buildpack?: {
    configType: string
    customProcess?: string
    customEntrypoint?: string
    customCommand?: string
  }
  healthChecks?: HealthCheck[]
  ports?: Pick<Port, 'name' | 'internalPort' | 'protocol'>[]
}

/** How instances of a revision run. Pure. */
export type RunSettings = {
  command: readonly string[] | undefined
  processType: string
  limits: ProcessLimits
  ports: { name: string; internalPort: number }[]
  checks: HealthCheck[]
}

export function runSettings({ config }: Pick<RevisionRow, 'config'>): RunSettings {
  const { plan, resources, docker, buildpack, healthChecks, ports } = config as RunConfig
  return {
    command: commandOf(docker) ?? commandOf(buildpack),
    processType: buildpack?.configType === 'customProcess' ? (buildpack.customProcess ?? 'web') : 'web',
    limits: limitsOf({
      ...(plan !== undefined && { billing: { deploymentPlan: plan } }),
      ...(resources !== undefined && { resources }),
    }),
    ports: (ports ?? []).map(({ name, internalPort }) => ({ name, internalPort })),
    checks: probesOf(healthChecks ?? []),
  }
}

type Start = {
  configType: string
  customEntrypoint?: string | undefined
  customCommand?: string | undefined
}

/** The argument vector that replaces what the artifact would start; undefined when nothing does. */
function commandOf(start: Start | undefined): string[] | undefined {
  if (start === undefined) return undefined
  const words = [
    ...(/customEntrypoint/.test(start.configType) ? splitCommand(start.customEntrypoint ?? '') : []),
    ...(/customCommand/i.test(start.configType) ? splitCommand(start.customCommand ?? '') : []),
  ]
  return words.length === 0 ? undefined : words
}

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
