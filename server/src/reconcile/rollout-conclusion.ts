import type { Tx } from '../db/db.ts'
import { recordEvent } from '../db/events.ts'
import { moveRollout } from '../db/rollouts.ts'
import { concludeRevision, setObservedDeployment } from '../db/service-deployment.ts'
import { wakeRunsWaitingFor } from '../db/waiters.ts'
import { withLease } from '../db/work.ts'
import { failureMessage } from './failure-message.ts'
import { closeReceipt, type OpenReceipt } from './receipt.ts'
import { gatherEvidence } from './rollout-evidence.ts'
import type { Action } from './rollout-model.ts'
import type { Pass } from './service-deps.ts'
import { gatewayKey, isPublic } from './service-routes.ts'
import type { ServiceWorld } from './service-world.ts'
import type { ServiceReport } from './traffic-port.ts'

export type Verdict = Extract<Action, { do: 'begin' | 'complete' | 'fail' }>

/** Moves the rollout, and the service with it, in one transaction. */
export async function concludeRollout(pass: Pass, world: ServiceWorld, verdict: Verdict): Promise<void> {
  if (verdict.do === 'begin') await begin(pass, verdict.rollout)
  else if (verdict.do === 'complete') await complete(pass, world, verdict.rollout)
  else await fail(pass, world, verdict)
}

async function begin(pass: Pass, rollout: string): Promise<void> {
  const receipt: OpenReceipt = { start: (await totalsNow(pass)) ?? null }
  await withLease(pass.deps.db, pass.item, async (tx) => {
    if (await moveRollout(tx, rollout, 'running', { receipt }))
      await tell(tx, pass, { type: 'begin', rollout })
  })
  pass.deps.crash.hit('service.after-begin')
}

async function complete(pass: Pass, world: ServiceWorld, rollout: string): Promise<void> {
  const { db } = pass.deps
  const receipt = await receiptOf(pass, world)
  await withLease(db, pass.item, async (tx) => {
    if (!(await moveRollout(tx, rollout, 'completed', { receipt }))) return
    const revision = world.service.desired_revision
    await concludeRevision(tx, pass.key, { desired: revision, current: revision })
    const status = { status: 'COMPLETED', reason: 'DEPLOYING', message: null } as const
    await setObservedDeployment(tx, pass.key, { ...status, desired: revision })
    await tell(tx, pass, { type: 'complete', rollout, revision, receipt })
    await wakeRunsWaitingFor(tx, 'service', gatewayKey(pass))
  })
  pass.deps.crash.hit('service.after-complete')
}

async function fail(
  pass: Pass,
  world: ServiceWorld,
  { rollout, cause, instance }: Extract<Action, { do: 'fail' }>,
): Promise<void> {
  const evidence = await gatherEvidence(pass, world, instance)
  const message = pass.deps.mask(failureMessage(cause, evidence))
  const receipt = await receiptOf(pass, world)
  await withLease(pass.deps.db, pass.item, async (tx) => {
    if (!(await moveRollout(tx, rollout, 'failed', { message, evidence, receipt }))) return
    const { desired_revision: revision, current_revision: lastGood } = world.service
    await concludeRevision(tx, pass.key, { desired: lastGood, current: lastGood })
    const status = { status: 'FAILED', reason: 'DEPLOYING', message, desired: lastGood } as const
    await setObservedDeployment(tx, pass.key, status)
    await tell(tx, pass, { type: 'fail', rollout, revision, cause, message })
    await wakeRunsWaitingFor(tx, 'service', gatewayKey(pass))
  })
  pass.deps.crash.hit('service.after-fail')
}

async function receiptOf(pass: Pass, world: ServiceWorld): Promise<Record<string, unknown>> {
  const { rollout } = world
  const open = rollout?.receipt as (Partial<OpenReceipt> & Record<string, unknown>) | null
  const since = rollout?.started_at ?? pass.deps.clock.now()
  const measured = {
    by: pass.deps.traffic.measures,
    isPublic: isPublic(pass.deps, world),
    durationMs: pass.deps.clock.now().getTime() - since.getTime(),
  }
  // What was drained so far is in the row already; what drains later is added to it.
  return { ...open, ...closeReceipt(open, await totalsNow(pass), measured) }
}

/** Undefined when the gateway does not know the service, or does not answer: a rollout does not wait for figures. */
async function totalsNow(pass: Pass): Promise<ServiceReport['totals'] | undefined> {
  try {
    return (await pass.deps.traffic.report(gatewayKey(pass)))?.totals
  } catch (error) {
    pass.deps.log.warn({ err: error, service: gatewayKey(pass) }, 'the gateway does not tell its counts')
    return undefined
  }
}

function tell(
  tx: Tx,
  pass: Pass,
  { type, ...data }: { type: string } & Record<string, unknown>,
): Promise<void> {
  const subject = gatewayKey(pass)
  return recordEvent(tx, {
    projectId: pass.key.projectId,
    topic: 'service',
    subject,
    type: `rollout.${type}`,
    data,
  })
}
