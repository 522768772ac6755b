import { join } from 'node:path'
import { openDb } from '../db/db.ts'
import { openListener } from '../db/listen.ts'
import { startWorkLoop } from '../db/work-loop.ts'
import { registerWorker } from '../db/workers.ts'
import { flowRules } from '../flows/rules.ts'
import { type Clock, systemClock } from '../lib/clock.ts'
import { type CrashPoints, crashAt, noCrashPoints } from '../lib/crash-point.ts'
import { createLog, type Log, silentLog } from '../lib/log.ts'
import { createSealer } from '../lib/seal.ts'
import { noCredentials } from '../sources/git/git-access.ts'
import { createGitReader } from '../sources/git/git-reader.ts'
import { buildTargets } from './build-targets.ts'
import { createFlowCronHandler } from './flow-cron.ts'
import { flowTargets } from './flow-targets.ts'
import { createPollHandler } from './git-polls.ts'
import { createTriggerHandler } from './triggers.ts'

export const testMasterKey = Buffer.alloc(32, 7)

/** Runs the worker of trigger events on a folder until stopped. */
export async function startTriggerWorker(
  connectionString: string,
  folder: string,
  {
    crash = noCrashPoints,
    log = silentLog(),
    pollSeconds = 0,
    clock = systemClock,
  }: {
    crash?: CrashPoints
    log?: Log
    pollSeconds?: number
    clock?: Clock
  } = {},
): Promise<{ stop(): Promise<void> }> {
  const { db } = openDb(connectionString)
  const listener = await openListener(connectionString, log)
  const worker = await registerWorker(connectionString)
  const git = createGitReader({ root: join(folder, 'git-cache'), credentialsOf: noCredentials })
  const sealer = createSealer(testMasterKey)
  const runDeps = { rules: flowRules, sealer, clock }
  const run = createTriggerHandler({
    db,
    crash,
    log,
    git,
    sources: [buildTargets(sealer), flowTargets(runDeps)],
  })
  const loop = startWorkLoop({
    db,
    listener,
    worker,
    log,
    handlers: {
      trigger_event: { run, concurrency: 8 },
      flow_cron: { run: createFlowCronHandler({ ...runDeps, db, crash }), concurrency: 2 },
      git_poll: {
        run: createPollHandler({ db, crash, log, git, intervalSeconds: pollSeconds }),
        concurrency: 2,
      },
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

const [, program = '', connectionString, folder, pollSeconds, point] = process.argv
if (program.includes('triggers-test-world') && connectionString !== undefined && folder !== undefined)
  await startTriggerWorker(connectionString, folder, {
    pollSeconds: Number(pollSeconds),
    crash: point === undefined ? noCrashPoints : crashAt(point),
    log: createLog('error', (text) => text),
  })
