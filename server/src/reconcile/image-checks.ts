import { FairwayError } from '@fairway/contract/errors'
import type { ExternalSource } from '@fairway/contract/resources/deployment'
import type { Db, Tx } from '../db/db.ts'
import {
  type Follower,
  type FollowerKey,
  findFollower,
  findImageFollow,
  type ImageFollowRow,
  putImageFollow,
  takeUpFollowers,
} from '../db/image-follows.ts'
import { schedule, type WorkItem, withLease } from '../db/work.ts'
import type { WorkHandler } from '../db/work-loop.ts'
import type { CrashPoints } from '../lib/crash-point.ts'
import type { Log } from '../lib/log.ts'
import { deployFollowed, lockFollower, refuseFollowed } from '../operations/images/deploy-followed.ts'
import { recordTrigger, type TriggerRecord } from '../operations/triggers/record.ts'
import { nextCheckMs, planImage } from '../triggers/image-plan.ts'
import { type ImageLook, type LookDeps, lookAtImage } from './image-look.ts'

/** The key of the item that takes up who follows an image; every other key is one of those. */
export const IMAGES_ALL = '*'

export const imageCheckCrashPoints = [
  'image-check.after-look',
  'image-check.before-commit',
  'image-check.after-commit',
] as const

export type ImageCheckDeps = LookDeps & {
  crash: CrashPoints
  log: Log
  /** 0: registries are not asked. */
  intervalSeconds: number
  /** Between 0 and 1, another one each time. */
  random(): number
}

const RESTS = { wakeAfterMs: null }
const ACTOR = 'continuous deployment'

/**
 * Asks registries what the tags and ranges point at that services and jobs follow, and deploys an image once when it is
 * another one. Key: `project/service/id` or `project/job/id`.
 */
export function createImageCheckHandler(deps: ImageCheckDeps): WorkHandler {
  const intervalMs = deps.intervalSeconds * 1000
  return async (item, signal) => {
    if (intervalMs === 0) return RESTS
    if (item.key === IMAGES_ALL) {
      await withLease(deps.db, item, takeUp)
      return { wakeAfterMs: intervalMs }
    }
    const key = readKey(item.key)
    const follower = await findFollower(deps.db, key)
    if (follower === undefined) return RESTS
    const known = await findKnown(deps.db, follower)
    const { projectId, external } = follower
    const look = await lookAtImage(deps, { projectId, external, known, signal })
    deps.crash.hit('image-check.after-look')
    const failures = await carryOut(deps, item, { key, external, look })
    deps.crash.hit('image-check.after-commit')
    return failures === undefined
      ? { wakeAfterMs: 0 }
      : { wakeAfterMs: nextCheckMs(intervalMs, failures, deps.random()) }
  }
}

async function takeUp(tx: Tx): Promise<void> {
  for (const { projectId, kind, id } of await takeUpFollowers(tx))
    await schedule(tx, 'image_check', `${projectId}/${kind}/${id}`)
}

function readKey(text: string): FollowerKey {
  const [projectId = '', kind, id = ''] = text.split('/')
  return { projectId, kind: kind === 'job' ? 'job' : 'service', id }
}

/** What is known of another image, or another rule, counts for nothing. */
async function findKnown(db: Db, follower: Follower): Promise<ImageFollowRow | undefined> {
  const row = await findImageFollow(db, follower)
  return row?.reference === referenceOf(follower.external) ? row : undefined
}

const referenceOf = ({ imagePath, credentials, follow }: ExternalSource): string =>
  JSON.stringify([imagePath, credentials ?? null, follow?.tag ?? null, follow?.semver ?? null])

type Looked = { key: FollowerKey; external: ExternalSource; look: ImageLook }

/** How often it failed in a row; undefined: what it follows was changed meanwhile. */
async function carryOut(deps: ImageCheckDeps, item: WorkItem, looked: Looked): Promise<number | undefined> {
  try {
    return await withLease(deps.db, item, (tx) => act(deps, tx, looked, undefined))
  } catch (error) {
    if (!(error instanceof FairwayError) || error.code === 'lease_lost') throw error
    // Nothing of the deployment is left; that it cannot be deployed is kept, and tried again.
    return withLease(deps.db, item, (tx) => act(deps, tx, looked, error.message))
  }
}

async function act(
  deps: ImageCheckDeps,
  tx: Tx,
  { key, external, look }: Looked,
  trouble: string | undefined,
): Promise<number | undefined> {
  await lockFollower(tx, key)
  const follower = await findFollower(tx, key)
  if (follower === undefined || referenceOf(follower.external) !== referenceOf(external)) return undefined
  const known = await findKnown(tx, follower)
  const next =
    look.is === 'error'
      ? await noteError(tx, follower, known, look.sentence)
      : await settle(deps, tx, { follower, known, look, trouble })
  await putImageFollow(tx, key, { ...next, reference: referenceOf(external) })
  deps.crash.hit('image-check.before-commit')
  return next.failures
}

type Noted = Omit<ImageFollowRow, 'reference'>

async function noteError(
  tx: Tx,
  follower: Follower,
  known: ImageFollowRow | undefined,
  sentence: string,
): Promise<Noted> {
  await record(tx, follower, { rule: 'registry', text: follower.external.imagePath }, sentence)
  const { tag = null, digest = null, rule = null, failures = 0 } = known ?? {}
  return { tag, digest, rule, error: sentence, failures: failures + 1 }
}

type Found = {
  follower: Follower
  known: ImageFollowRow | undefined
  look: Extract<ImageLook, { is: 'found' }>
  trouble: string | undefined
}

async function settle(deps: ImageCheckDeps, tx: Tx, found: Found): Promise<Noted> {
  const { follower, known, look, trouble } = found
  const { tag, digest } = look
  const refusal =
    trouble === undefined
      ? await refuseFollowed(tx, follower, digest)
      : ({ rule: 'cannot-start', sentence: trouble } as const)
  const step = planImage({ known, digest, deployed: follower.deployed, refusal })
  const noted = { tag, digest, rule: null, error: null, failures: 0 }
  if (step.do === 'refuse') {
    if (step.isNews)
      await record(tx, follower, { rule: step.refusal.rule, text: look.imagePath }, step.refusal.sentence)
    return { ...noted, rule: step.refusal.rule }
  }
  if (step.do === 'deploy') {
    const external = { ...follower.external, imagePath: look.imagePath }
    const started = await deployFollowed(tx, follower, { external, digest }, deps.sealer)
    await record(tx, follower, { started }, sentenceOf(look, known))
    deps.log.info({ target: `${follower.projectId}/${follower.id}`, digest }, 'deploys a newer image')
  }
  return noted
}

function sentenceOf({ imagePath, digest }: Found['look'], known: ImageFollowRow | undefined): string {
  const was = known?.digest == null ? '' : `; before it was ${known.tag}, ${shortOf(known.digest)}`
  return `${imagePath} is ${shortOf(digest)} now${was}.`
}

const shortOf = (digest: string): string => digest.slice(digest.indexOf('sha256:')).slice(0, 19)

const record = (
  tx: Tx,
  { projectId, kind, id }: FollowerKey,
  outcome: TriggerRecord['outcome'],
  sentence: string,
) => recordTrigger(tx, { source: 'image', projectId, target: { kind, id }, outcome, sentence, actor: ACTOR })
