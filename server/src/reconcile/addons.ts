import { FairwayError } from '@fairway/contract/errors'
import {
  type AddonKey,
  type AddonRow,
  type AddonSeen,
  changeAddon,
  deleteAddon,
  deleteGeneration,
  findAddon,
  listGenerations,
  recordAddonSeen,
} from '../db/addons.ts'
import { addonActivity, listBackups, requestBackupAbort } from '../db/backups.ts'
import { transaction } from '../db/db.ts'
import { recordEvent } from '../db/events.ts'
import { requestRestoreAbort } from '../db/restores.ts'
import { wakeRunsWaitingFor } from '../db/waiters.ts'
import { schedule, type WorkItem, withLease } from '../db/work.ts'
import { assertNever } from '../lib/assert.ts'
import {
  type AddonDeps,
  AGAIN,
  engineOf,
  placeOf,
  RESTS,
  settingsOf,
  storageOf,
  type Woken,
} from './addon-deps.ts'
import { type AddonAction, type AddonActivity, planAddon, type SeenGeneration } from './addon-plan.ts'

export const addonCrashPoints = [
  'addon.after-create',
  'addon.after-start',
  'addon.after-stop',
  'addon.after-destroy',
  'addon.before-remove',
] as const

/** A server that died is noticed at the latest after this. */
const LOOK_EVERY_MS = 5000
const WAIT_FOR_WORK_MS = 500
const MOST_PASSES = 20
const EVERY_BACKUP = { limit: 100_000, offset: 0 }

/** Makes one addon as it is wanted: runs, stopped, swapped to restored data, or gone. Key: `projectId/addonId`. */
export const addonHandler =
  (deps: AddonDeps) =>
  async (item: WorkItem, signal: AbortSignal): Promise<Woken> => {
    const [projectId = '', addonId = ''] = item.key.split('/')
    for (let passes = 0; passes < MOST_PASSES && !signal.aborted; passes += 1) {
      const woken = await onePass(deps, item, { projectId, addonId })
      if (woken !== undefined) return woken
    }
    return AGAIN
  }

/** Undefined: something was done, so look again. */
async function onePass(deps: AddonDeps, item: WorkItem, key: AddonKey): Promise<Woken | undefined> {
  const addon = await findAddon(deps.db, key)
  if (addon === undefined) return RESTS
  const activity = await addonActivity(deps.db, key)
  const seen = await observe(deps, addon)
  const plan = planAddon(desiredOf(addon), seen, activity)
  if (plan.actions.length === 0) {
    await record(deps, item, addon, seenOf(addon, seen, plan.status))
    return plan.status === 'paused' ? RESTS : { wakeAfterMs: LOOK_EVERY_MS }
  }
  if (plan.status === 'allocating' || plan.status === 'deleting')
    await record(deps, item, addon, { ...asBefore(addon), status: plan.status, message: null })
  for (const action of plan.actions) await actOrSay(deps, item, { addon, action, activity })
  return plan.actions.some((action) => action.do === 'abort-work')
    ? { wakeAfterMs: WAIT_FOR_WORK_MS }
    : undefined
}

const desiredOf = (addon: AddonRow) => ({
  paused: addon.paused,
  deleting: addon.deleting,
  restartRequested: addon.restart_requested,
  endpoint: addon.endpoint,
})

async function observe(deps: AddonDeps, addon: AddonRow): Promise<SeenGeneration[]> {
  const engine = engineOf(deps, addon.type)
  const generations = await listGenerations(deps.db, { projectId: addon.project_id, addonId: addon.id })
  return Promise.all(
    generations.map(async ({ generation, state }) => ({
      generation,
      state,
      observation: await engine.observe(placeOf(addon, generation)),
    })),
  )
}

function seenOf(addon: AddonRow, seen: readonly SeenGeneration[], status: AddonSeen['status']): AddonSeen {
  const active = seen.find(({ state }) => state === 'active')
  if (active?.observation.state !== 'running') return { ...asBefore(addon), status, message: null }
  const { endpoint, version } = active.observation
  return { status, message: null, endpoint: { ...endpoint, generation: active.generation }, version }
}

const asBefore = (addon: AddonRow): AddonSeen => ({
  status: addon.status,
  message: addon.status_message,
  endpoint: addon.endpoint,
  version: addon.version,
})

async function record(deps: AddonDeps, item: WorkItem, addon: AddonRow, seen: AddonSeen): Promise<void> {
  const key = { projectId: addon.project_id, addonId: addon.id }
  await withLease(deps.db, item, async (tx) => {
    if (!(await recordAddonSeen(tx, key, seen))) return
    await wakeRunsWaitingFor(tx, 'addon', item.key)
    if (seen.status === addon.status) return
    await recordEvent(tx, {
      projectId: key.projectId,
      topic: 'addon',
      subject: item.key,
      type: 'addon.status',
      data: { status: seen.status, message: seen.message },
    })
  })
}

type Step = { addon: AddonRow; action: AddonAction; activity: AddonActivity }

/** A step that fails shows on the addon, and is tried again later. */
async function actOrSay(deps: AddonDeps, item: WorkItem, step: Step): Promise<void> {
  try {
    await act(deps, item, step)
  } catch (error) {
    if (error instanceof FairwayError && error.code === 'lease_lost') throw error
    const message =
      error instanceof FairwayError ? error.message : `The addon cannot ${step.action.do}. The log says why.`
    await record(deps, item, step.addon, { ...asBefore(step.addon), status: 'error', message })
    throw error
  }
}

async function act(deps: AddonDeps, item: WorkItem, step: Step): Promise<void> {
  const { addon, action, activity } = step
  const key = { projectId: addon.project_id, addonId: addon.id }
  switch (action.do) {
    case 'create':
    case 'start':
    case 'stop':
    case 'restart':
    case 'destroy':
      await actOnData(deps, item, { addon, action })
      return
    case 'forget':
      await withLease(deps.db, item, (tx) => deleteGeneration(tx, key, action.generation))
      return
    case 'abort-work':
      await abortWork(deps, activity)
      return
    case 'remove':
      deps.crash.hit('addon.before-remove')
      await removeAddon(deps, item, addon)
      return
    default:
      assertNever(action)
  }
}

type DataStep = { addon: AddonRow; action: Extract<AddonAction, { generation: number }> }

async function actOnData(deps: AddonDeps, item: WorkItem, { addon, action }: DataStep): Promise<void> {
  const engine = engineOf(deps, addon.type)
  const place = placeOf(addon, action.generation)
  const key = { projectId: addon.project_id, addonId: addon.id }
  if (action.do === 'create') {
    await engine.create(place, settingsOf(deps, addon))
    deps.crash.hit('addon.after-create')
  }
  if (action.do === 'start') {
    await engine.start(place, settingsOf(deps, addon))
    deps.crash.hit('addon.after-start')
  }
  if (action.do === 'stop' || action.do === 'restart') {
    await engine.stop(place)
    deps.crash.hit('addon.after-stop')
    if (addon.restart_requested && !addon.paused)
      await withLease(deps.db, item, (tx) => changeAddon(tx, key, { restart_requested: false }))
  }
  if (action.do === 'destroy') {
    await engine.destroy(place)
    deps.crash.hit('addon.after-destroy')
  }
}

async function abortWork(deps: AddonDeps, { backups, restores }: AddonActivity): Promise<void> {
  await transaction(deps.db, async (tx) => {
    for (const id of backups) await schedule(tx, 'backup', id)
    for (const id of restores) await schedule(tx, 'restore', id)
    for (const id of backups) await requestBackupAbort(tx, id)
    for (const id of restores) await requestRestoreAbort(tx, id)
  })
}

/** What backups stored goes first: once the rows are gone nobody would know of it. */
async function removeAddon(deps: AddonDeps, item: WorkItem, addon: AddonRow): Promise<void> {
  const key = { projectId: addon.project_id, addonId: addon.id }
  for (const backup of await listBackups(deps.db, key, EVERY_BACKUP)) {
    if (backup.record === null) continue
    const storage = await storageOf(deps, backup.destination_id)
    await storage.remove(backup.record.key)
  }
  await withLease(deps.db, item, async (tx) => {
    await deleteAddon(tx, key)
    await schedule(tx, 'project', addon.project_id)
    await recordEvent(tx, {
      projectId: key.projectId,
      topic: 'addon',
      subject: item.key,
      type: 'addon.deleted',
    })
  })
}
