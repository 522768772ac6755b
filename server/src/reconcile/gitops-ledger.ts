import type { Tx } from '../db/db.ts'
import type { GitopsLinkRow } from '../db/gitops-links.ts'
import { recordTrigger } from '../operations/triggers/record.ts'

type Seen = { link: GitopsLinkRow; name: string; author: string; commit: string }

const entryOf = ({ link, name, author, commit }: Seen) => ({
  source: 'gitops' as const,
  projectId: link.project_id,
  target: { kind: 'gitops' as const, id: name },
  commit,
  actor: `git: ${author}`,
})

/** Says in the ledger which version a commit became. */
export async function recordPulled(tx: Tx, { version, ...seen }: Seen & { version: number }): Promise<void> {
  const { filePath, branch } = seen.link.settings
  await recordTrigger(tx, {
    ...entryOf(seen),
    outcome: { started: { kind: 'flow-version', id: String(version) } },
    sentence: `${filePath} of "${branch}" became version ${version}.`,
  })
}

type Refused = Seen & { state: 'conflict' | 'invalid'; why: string; line: number | undefined }

/** Says in the ledger why a commit was not taken, and in which line. */
export async function recordRefused(tx: Tx, { state, why, line, ...seen }: Refused): Promise<void> {
  const { filePath, branch } = seen.link.settings
  const place = line === undefined ? filePath : `${filePath}:${line}`
  const rule = state === 'invalid' ? 'invalid-document' : 'conflict'
  await recordTrigger(tx, {
    ...entryOf(seen),
    outcome: { rule, text: place, file: filePath.slice(1) },
    sentence: `${place} of "${branch}" was not taken; the last good document stays. ${why}`,
  })
}
