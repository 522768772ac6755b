import { storeProbeAnswers } from '../db/instance-probes.ts'
import { schedule } from '../db/work.ts'
import { createEndings } from './endings.ts'
import { startMetrics } from './metrics.ts'
import { ask } from './probes/ask.ts'
import { startProber } from './probes/prober.ts'
import { startReceiptSampler } from './receipt-sampler.ts'
import type { ServiceDeps } from './service-deps.ts'
import { runtimeIdOf } from './service-instance.ts'
import { startServiceResync } from './service-resync.ts'
import { serviceHandler } from './services.ts'
import { createVerdicts } from './verdicts.ts'

export type ServiceReconciler = {
  /** For the work loop, kind `service`. */
  run: ReturnType<typeof serviceHandler>
  /** How often the slow comparison found what no event had told of. */
  corrections(): number
  /** Stops asking and looking; instances and gateway go on. */
  stop(): Promise<void>
}

export type ReconcilerDeps = Omit<ServiceDeps, 'prober' | 'verdicts' | 'endings' | 'receipts'> & {
  /** How often everything is compared, and how often use is sampled. */
  resyncEveryMs?: number
  sampleEveryMs?: number
}

/** Starts what keeps services as they are wanted: probes, the exit watch, the resync, the sampler, the handler. */
export function startServiceReconciler(deps: ReconcilerDeps): ServiceReconciler {
  const { db, runtime, log } = deps
  const wake = (service: string): void => {
    schedule(db, 'service', service).catch((error: unknown) =>
      log.warn({ err: error, service }, 'cannot ask for a look at a service; the resync will'),
    )
  }
  const verdicts = createVerdicts()
  const prober = startProber({
    clock: deps.clock,
    mask: deps.mask,
    ask: (target, check) =>
      ask(
        {
          check,
          address: target.addresses[check.type] ?? { host: '127.0.0.1', port: check.port ?? 0 },
          runtimeId: runtimeIdOf({ id: target.instance, attempt: target.attempt }),
        },
        runtime,
      ),
    onVerdict: (service) => {
      verdicts.tell(service)
      wake(service)
    },
    onAnswers: (answers) => {
      storeProbeAnswers(db, answers).catch((error: unknown) =>
        log.warn({ err: error }, 'cannot store the answers of probes now'),
      )
    },
  })
  const endings = createEndings(runtime, log)
  const receipts = startReceiptSampler(deps)
  const all: ServiceDeps = { ...deps, prober, verdicts, endings, receipts }
  const resync = startServiceResync(all, wake, deps.resyncEveryMs)
  const metrics = startMetrics(all, deps.sampleEveryMs)
  return {
    run: serviceHandler(all),
    corrections: resync.corrections,
    stop: async () => {
      prober.stop()
      await receipts.stop()
      await resync.stop()
      await metrics.stop()
    },
  }
}
