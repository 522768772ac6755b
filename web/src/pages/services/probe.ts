import type { HealthCheck } from '@fairway/contract/resources/health-check'
import type { Container } from './instances-tab.tsx'

export type ProbeType = HealthCheck['type']

export const PROBE_NAMES: Readonly<Record<ProbeType, string>> = {
  readinessProbe: 'Readiness',
  livenessProbe: 'Liveness',
  startupProbe: 'Startup',
}

/** What is known of one probe of one instance. */
export type Probe = {
  passing?: boolean
  failures?: number
  lastAnswers?: { at: string; ok: boolean; response: string; latencyMs: number }[]
}

export const probesOf = ({ healthChecks }: Container): Readonly<Partial<Record<ProbeType, Probe>>> =>
  healthChecks

/** `HTTP :3000/ready every 0.5 s`. Pure. */
export function probeWords({ protocol, path, port, cmd, periodSeconds }: HealthCheck): string {
  const what = protocol === 'CMD' ? cmd : `:${port}${protocol === 'HTTP' ? path : ''}`
  return `${protocol} ${what} every ${periodSeconds} s`
}
