import type { Db } from '../db/db.ts'
import type { ServiceKey } from '../db/rollouts.ts'
import type { WorkItem } from '../db/work.ts'
import type { Clock } from '../lib/clock.ts'
import type { CrashPoints } from '../lib/crash-point.ts'
import type { Log } from '../lib/log.ts'
import type { Sealer } from '../lib/seal.ts'
import type { Builder } from './builder-port.ts'
import type { Endings } from './endings.ts'
import type { Prober } from './probes/prober.ts'
import type { ReceiptSampler } from './receipt-sampler.ts'
import type { Runtime } from './runtime-port.ts'
import type { Traffic } from './traffic-port.ts'
import type { Verdicts } from './verdicts.ts'
import type { VolumeStore } from './volume-port.ts'

/** What the reconciler of services needs. */
export type ServiceDeps = {
  db: Db
  runtime: Runtime
  traffic: Traffic
  /** Where a bundle lies. */
  locate: Builder['locate']
  /** By which instances find their volumes where the runtime cannot mount them. */
  volumeVariables: VolumeStore['variables']
  prober: Prober
  verdicts: Verdicts
  endings: Endings
  receipts: ReceiptSampler
  sealer: Sealer
  mask(text: string): string
  clock: Clock
  crash: CrashPoints
  log: Log
  /** Below which services get their public names. */
  domain: string
}

/** One pass over one service, under its lease. */
export type Pass = { deps: ServiceDeps; item: WorkItem; key: ServiceKey; signal: AbortSignal }

export const serviceCrashPoints = [
  'service.after-begin',
  'service.after-create',
  'service.before-start',
  'service.after-start',
  'service.after-started',
  'service.before-route',
  'service.after-route',
  'service.after-routed',
  'service.before-stop',
  'service.after-observed',
  'service.after-complete',
  'service.after-fail',
  'service.before-forget',
] as const
