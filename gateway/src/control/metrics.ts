/** The counters in Prometheus' text format. Labels are services only: instances come and go. */
import type { MergedService } from './merge-reports.ts'

type Metric = {
  name: string
  type: 'counter' | 'gauge'
  help: string
  of: (service: MergedService) => number
}

const metrics: readonly Metric[] = [
  { name: 'requests_total', type: 'counter', help: 'Requests received.', of: (s) => s.totals.requests },
  {
    name: 'failures_total',
    type: 'counter',
    help: 'Requests the gateway failed, or whose instance broke off.',
    of: (s) => s.totals.failures,
  },
  {
    name: 'cut_total',
    type: 'counter',
    help: 'Connections cut when the drain budget ran out.',
    of: (s) => total(s, 'cut'),
  },
  { name: 'in_flight', type: 'gauge', help: 'Requests under way.', of: (s) => total(s, 'inFlight') },
  {
    name: 'open_web_sockets',
    type: 'gauge',
    help: 'Open WebSockets.',
    of: (s) => total(s, 'openWebSockets'),
  },
  {
    name: 'active_backends',
    type: 'gauge',
    help: 'Instances that take requests.',
    of: (s) => s.backends.filter((backend) => backend.state === 'active').length,
  },
  {
    name: 'latency_p50_seconds',
    type: 'gauge',
    help: 'Median time to the head of the answer.',
    of: (s) => s.totals.latencyMs.p50 / 1000,
  },
  {
    name: 'latency_p99_seconds',
    type: 'gauge',
    help: '99th percentile of the time to the head of the answer.',
    of: (s) => s.totals.latencyMs.p99 / 1000,
  },
  {
    name: 'longest_gap_seconds',
    type: 'gauge',
    help: 'Longest time in which requests waited and none succeeded.',
    of: (s) => s.totals.longestGapMs / 1000,
  },
]

const total = (service: MergedService, count: 'cut' | 'inFlight' | 'openWebSockets'): number =>
  service.backends.reduce((sum, backend) => sum + backend[count], 0)

export function renderMetrics(services: readonly MergedService[]): string {
  return metrics
    .map(({ name, type, help, of }) => {
      const full = `fairway_gateway_${name}`
      const samples = services.map((service) => `${full}{service="${service.key}"} ${of(service)}\n`)
      return `# HELP ${full} ${help}\n# TYPE ${full} ${type}\n${samples.join('')}`
    })
    .join('')
}
