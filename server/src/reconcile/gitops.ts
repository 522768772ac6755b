import { isDeepStrictEqual } from 'node:util'
import { FairwayError } from '@fairway/contract/errors'
import { type Db, type Tx, transaction } from '../db/db.ts'
import {
  findGitopsLink,
  type GitopsChange,
  type GitopsLinkRow,
  lockGitopsLink,
  updateGitopsLink,
} from '../db/gitops-links.ts'
import { requireLease, type WorkItem, withLease } from '../db/work.ts'
import type { WorkHandler } from '../db/work-loop.ts'
import type { Clock } from '../lib/clock.ts'
import type { CrashPoints } from '../lib/crash-point.ts'
import { writeDocument } from '../operations/gitops/write-document.ts'
import { messageOf } from './gitops-commit.ts'
import type { LinkedDocument, LinkedDocuments } from './gitops-documents.ts'
import { recordPulled, recordRefused } from './gitops-ledger.ts'
import { planSync, type SyncPlan } from './gitops-plan.ts'
import type { DocumentRepository, OpenBranch } from './gitops-port.ts'
import { type Seen, seenFile } from './gitops-seen.ts'

export const gitopsCrashPoints = [
  'gitops.after-look',
  'gitops.before-pull-commit',
  'gitops.after-pull',
  'gitops.before-push',
  'gitops.after-push',
  'gitops.after-record',
] as const

export type GitopsDeps = {
  db: Db
  repository: DocumentRepository
  documents: LinkedDocuments
  clock: Clock
  crash: CrashPoints
}

const RESTS = { wakeAfterMs: null }
/** Something moved meanwhile: look at once more. */
const AGAIN = { wakeAfterMs: 500 }
/** The host is away, or does not let us push. */
const RETRY = { wakeAfterMs: 60_000 }
/** What a document names may appear in its stage without anybody saving or pushing. */
const LOOK_LATER = { wakeAfterMs: 10 * 60_000 }

type Next = { wakeAfterMs: number | null }
type Work = { deps: GitopsDeps; item: WorkItem; link: GitopsLinkRow; own: LinkedDocument }
type Look = Work & { branch: OpenBranch; seen: Seen }

/**
 * Keeps a document and its file the same: looks at both, and pulls, pushes, or says why it can do neither. Looking comes
 * first each time, so that neither a commit nor a version is made twice however often this is interrupted. Key: the link's
 * id.
 */
export function createGitopsHandler(deps: GitopsDeps): WorkHandler {
  return async (item, signal) => {
    const link = await findGitopsLink(deps.db, item.key)
    const own = link && (await deps.documents.read(deps.db, link))
    if (link === undefined || own === undefined) return RESTS
    const { repoUrl: url, branch, filePath: path } = link.settings
    try {
      return await deps.repository.withBranch({ url, branch, path, signal }, (open) =>
        bringTogether({ deps, item, link, own, branch: open, seen: seenFile(path, open.file) }),
      )
    } catch (error) {
      if (!(error instanceof FairwayError) || error.code === 'lease_lost' || signal.aborted) throw error
      await note(deps, item, { state: 'unreachable', message: error.message, line: null })
      return RETRY
    }
  }
}

async function bringTogether(look: Look): Promise<Next> {
  const { deps, link, own, seen } = look
  deps.crash.hit('gitops.after-look')
  const plan = planSync({
    base: pairOf(link.base_blob, link.base_version),
    pushing: pairOf(link.pushing_blob, link.pushing_version),
    decision: decisionOf(link),
    version: own.version,
    document: own.document,
    file: seen.file,
  })
  switch (plan.kind) {
    case 'same':
      return finish(look, plan.base)
    case 'pull':
      return pull(look, plan)
    case 'push':
      return push(look)
    case 'stop':
      return stop(look, plan)
  }
}

const pairOf = (blob: string | null, version: number | null) =>
  blob === null || version === null ? undefined : { blob, version }

const decisionOf = ({ take, take_blob: blob, take_version: version }: GitopsLinkRow) =>
  take === null || version === null ? undefined : { take, blob, version }

const note = ({ db, clock }: GitopsDeps, item: WorkItem, change: GitopsChange): Promise<void> =>
  withLease(db, item, (tx) => updateGitopsLink(tx, item.key, { ...change, checked_at: clock.now() }))

/** What stands in the row once both sides hold the same. */
function settled(look: Look, base: { blob: string; version: number }, sha: string): GitopsChange {
  const isNew = base.blob !== look.link.base_blob || base.version !== look.link.base_version
  return {
    state: 'in-sync',
    message: null,
    line: null,
    head_sha: sha,
    base_blob: base.blob,
    base_version: base.version,
    ...(isNew && { base_sha: sha }),
    pushing_blob: null,
    pushing_version: null,
    pushing_sha: null,
    seen_blob: base.blob,
    seen_text: null,
    take: null,
    take_blob: null,
    take_version: null,
    checked_at: look.deps.clock.now(),
  }
}

/** A push that arrived and of which nobody noted it is noted here too. */
async function finish(look: Look, base: { blob: string; version: number }): Promise<Next> {
  const { deps, item, link, branch } = look
  await withLease(deps.db, item, async (tx) => {
    await updateGitopsLink(tx, link.id, settled(look, base, branch.sha))
    if (link.pushing_blob === base.blob)
      await deps.documents.noteCommit(tx, link, { version: base.version, commit: branch.sha })
  })
  return RESTS
}

/** Runs writes with document, link and lease held; `moved` when either side is not what was looked at. */
async function whileUnmoved<T>(
  { deps, item, link, own }: Work,
  work: (tx: Tx) => Promise<T>,
): Promise<{ moved: true } | { moved: false; value: T }> {
  return transaction(deps.db, async (tx) => {
    const now = await deps.documents.lock(tx, link)
    await requireLease(tx, item)
    const held = await lockGitopsLink(tx, link.id)
    if (now?.version !== own.version || !isDeepStrictEqual(held?.settings, link.settings))
      return { moved: true }
    return { moved: false, value: await work(tx) }
  })
}

async function pull(look: Look, { document, blob }: Extract<SyncPlan, { kind: 'pull' }>): Promise<Next> {
  const { deps, link, branch } = look
  const { author, sha } = branch
  try {
    const done = await whileUnmoved(look, async (tx) => {
      const version = await deps.documents.save(tx, link, { document, author, commit: sha })
      await updateGitopsLink(tx, link.id, settled(look, { blob, version }, sha))
      await recordPulled(tx, { link, name: deps.documents.nameOf(link), author, commit: sha, version })
      deps.crash.hit('gitops.before-pull-commit')
    })
    deps.crash.hit('gitops.after-pull')
    return done.moved ? AGAIN : RESTS
  } catch (error) {
    // The document stays as it was: everything that was written above is undone.
    if (!(error instanceof FairwayError) || error.code === 'lease_lost') throw error
    const line = look.seen.lineOf(error.problems[0]?.field ?? '')
    return stop(look, { kind: 'stop', state: 'invalid', why: error.message, line })
  }
}

async function stop(look: Look, { state, why, line }: Extract<SyncPlan, { kind: 'stop' }>): Promise<Next> {
  const { deps, item, link, branch, seen } = look
  const isNew = link.state !== state || link.message !== why || link.seen_blob !== seen.file.blob
  await withLease(deps.db, item, async (tx) => {
    await updateGitopsLink(tx, link.id, {
      state,
      message: why,
      line: line ?? null,
      head_sha: branch.sha,
      seen_blob: seen.file.blob,
      seen_text: seen.text,
      checked_at: deps.clock.now(),
    })
    const { author, sha: commit } = branch
    if (isNew)
      await recordRefused(tx, { link, name: deps.documents.nameOf(link), author, commit, state, why, line })
  })
  return state === 'invalid' ? LOOK_LATER : RESTS
}

async function push(look: Look): Promise<Next> {
  const { deps, link, own, branch, seen } = look
  const { filePath, branch: to } = link.settings
  const authors = await deps.documents.authorsSince(deps.db, link, link.base_version ?? own.version - 1)
  const text = writeDocument(filePath, seen.text, own.document)
  const { commit, blob } = await branch.commit({
    text,
    ...messageOf(
      { title: deps.documents.titleOf(link), version: own.version, at: deps.clock.now() },
      authors,
    ),
  })
  if (blob === seen.file.blob) return finish(look, { blob, version: own.version })
  const begun = await whileUnmoved(look, (tx) =>
    updateGitopsLink(tx, link.id, { pushing_blob: blob, pushing_version: own.version, pushing_sha: commit }),
  )
  if (begun.moved) return AGAIN
  deps.crash.hit('gitops.before-push')
  const pushed = await branch.push(commit)
  deps.crash.hit('gitops.after-push')
  if (pushed.ok) return recordPush(look, { commit, blob })
  if (pushed.moved) return AGAIN
  const message = `git does not take the commit to "${to}": ${pushed.why}`
  await note(deps, look.item, { state: 'ahead', message, line: null, head_sha: branch.sha })
  return RETRY
}

async function recordPush(look: Look, { commit, blob }: { commit: string; blob: string }): Promise<Next> {
  const { deps, item, link, own } = look
  await withLease(deps.db, item, async (tx) => {
    await updateGitopsLink(tx, link.id, settled(look, { blob, version: own.version }, commit))
    await deps.documents.noteCommit(tx, link, { version: own.version, commit })
  })
  deps.crash.hit('gitops.after-record')
  return RESTS
}
