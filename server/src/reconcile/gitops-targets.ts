import type { Db } from '../db/db.ts'
import { findGitopsLinkOf, type GitopsLinkRow, listGitopsLinks } from '../db/gitops-links.ts'
import { schedule } from '../db/work.ts'
import type { Watcher } from '../triggers/watcher.ts'
import { keyOfLinkName, type LinkedDocuments } from './gitops-documents.ts'
import type { StartingEvent, TargetHistory, TargetSource, TriggerTarget } from './trigger-targets.ts'

/** Linked documents: a push to their branch that changes their file has it read. */
export const gitopsTargets = ({ nameOf }: Pick<LinkedDocuments, 'nameOf'>): TargetSource => ({
  kinds: ['gitops'],
  list: async (db, query) => (await listGitopsLinks(db, query)).map((link) => targetOf(link, nameOf(link))),
  history,
  supersede: async () => new Map(),
  start: async (tx, target) => {
    const link = await findGitopsLinkOf(tx, keyOfLinkName(target.projectId, target.id))
    if (link !== undefined) await schedule(tx, 'gitops', link.id)
    return { kind: 'gitops', id: link?.id ?? target.id }
  },
})

const targetOf = ({ project_id, settings }: GitopsLinkRow, id: string): TriggerTarget => ({
  projectId: project_id ?? '',
  kind: 'gitops',
  id,
  url: settings.repoUrl,
  watcher: watcherOf(settings),
})

/** No message and no draft holds a document back. */
const watcherOf = ({ branch, filePath }: GitopsLinkRow['settings']): Watcher => ({
  kind: 'gitops',
  ciEnabled: true,
  branchPatterns: [branch],
  pullRequestPatterns: [],
  pathRules: [filePath],
  isAllowList: true,
  ignoreFlags: [],
  ignoreDrafts: false,
})

/**
 * Files count from the commit that was looked at last. Our own commit changes none, also when the host tells of it before
 * the push has ended.
 */
async function history(
  db: Db,
  targets: readonly TriggerTarget[],
  { after }: StartingEvent,
): Promise<Map<TriggerTarget, TargetHistory>> {
  const all = new Map<TriggerTarget, TargetHistory>()
  for (const target of targets) {
    const link = await findGitopsLinkOf(db, keyOfLinkName(target.projectId, target.id))
    all.set(target, {
      base: link?.pushing_sha === after ? after : (link?.head_sha ?? null),
      newestBuild: undefined,
    })
  }
  return all
}
