import { join } from 'node:path'
import { openDb } from '../db/db.ts'
import { openListener } from '../db/listen.ts'
import { startWorkLoop } from '../db/work-loop.ts'
import { registerWorker } from '../db/workers.ts'
import { flowRules } from '../flows/rules.ts'
import { systemClock } from '../lib/clock.ts'
import { type CrashPoints, crashAt, noCrashPoints } from '../lib/crash-point.ts'
import { createLog, type Log, silentLog } from '../lib/log.ts'
import { createSealer } from '../lib/seal.ts'
import { createDocumentRepository } from '../sources/git/document-repository.ts'
import { noCredentials } from '../sources/git/git-access.ts'
import { createGitReader } from '../sources/git/git-reader.ts'
import { createPollHandler } from './git-polls.ts'
import { createGitopsHandler } from './gitops.ts'
import { linkedDocuments } from './gitops-documents.ts'
import { MAX_DOCUMENT_FILE_BYTES } from './gitops-port.ts'
import { gitopsTargets } from './gitops-targets.ts'
import { createTriggerHandler } from './triggers.ts'

export const testMasterKey = Buffer.alloc(32, 7)

type Options = { crash?: CrashPoints; log?: Log; pollSeconds?: number }

/** Runs the workers of linked documents, pushes and polls on a folder until stopped. */
export async function startGitopsWorker(
  connectionString: string,
  folder: string,
  { crash = noCrashPoints, log = silentLog(), pollSeconds = 0 }: Options = {},
): Promise<{ stop(): Promise<void> }> {
  const { db } = openDb(connectionString)
  const listener = await openListener(connectionString, log)
  const worker = await registerWorker(connectionString)
  const git = createGitReader({ root: join(folder, 'git-cache'), credentialsOf: noCredentials })
  const documents = linkedDocuments({
    rules: flowRules,
    sealer: createSealer(testMasterKey),
    clock: systemClock,
  })
  const repository = createDocumentRepository({
    root: join(folder, 'documents'),
    credentialsOf: noCredentials,
    maxBytes: MAX_DOCUMENT_FILE_BYTES,
  })
  const gitops = createGitopsHandler({ db, repository, documents, clock: systemClock, crash })
  const triggers = createTriggerHandler({ db, crash, log, git, sources: [gitopsTargets(documents)] })
  const polls = createPollHandler({ db, crash, log, git, intervalSeconds: pollSeconds })
  const loop = startWorkLoop({
    db,
    listener,
    worker,
    log,
    handlers: {
      gitops: { run: gitops, concurrency: 4 },
      trigger_event: { run: triggers, concurrency: 4 },
      git_poll: { run: polls, concurrency: 2 },
    },
  })
  return {
    stop: async () => {
      await loop.stop()
      await listener.close()
      await worker.close()
      await db.destroy()
    },
  }
}

const [, program = '', connectionString, folder, point] = process.argv
if (program.includes('gitops-test-world') && connectionString !== undefined && folder !== undefined)
  await startGitopsWorker(connectionString, folder, {
    crash: point === undefined ? noCrashPoints : crashAt(point),
    log: createLog('error', (text) => text),
  })
