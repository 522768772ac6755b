import { join } from 'node:path'
import type { Adapters } from './app-adapters.ts'
import { offersOf } from './app-offers.ts'
import { runInInstance } from './app-streams.ts'
import type { Config } from './config.ts'
import { foldersOf } from './data-folders.ts'
import type { Db } from './db/db.ts'
import type { WorkHandler, WorkHandlers } from './db/work-loop.ts'
import { releaseRunHandler } from './flows/engine.ts'
import { flowRules } from './flows/rules.ts'
import type { Clock } from './lib/clock.ts'
import type { CrashPoints } from './lib/crash-point.ts'
import type { Log } from './lib/log.ts'
import type { Sealer } from './lib/seal.ts'
import { createHttpNotifier } from './notifiers/http-notifier.ts'
import { deployToJobsFollowing } from './operations/jobs/continuous.ts'
import { lookUpImage } from './operations/registries/external-image.ts'
import { deployIfFollowing } from './operations/services/continuous-deploy.ts'
import { addonHandler } from './reconcile/addons.ts'
import { backupScheduleHandler } from './reconcile/backup-schedules.ts'
import { backupHandler } from './reconcile/backups.ts'
import { buildTargets } from './reconcile/build-targets.ts'
import { createBuildHandler } from './reconcile/builds.ts'
import { createJobHandler } from './reconcile/cron.ts'
import { createFlowCronHandler } from './reconcile/flow-cron.ts'
import { flowTargets } from './reconcile/flow-targets.ts'
import { createPollHandler, createTriggerSweep, TRIGGER_SWEEP } from './reconcile/git-polls.ts'
import { createGitopsHandler } from './reconcile/gitops.ts'
import { linkedDocuments } from './reconcile/gitops-documents.ts'
import { gitopsTargets } from './reconcile/gitops-targets.ts'
import { createHostReportHandler } from './reconcile/host-reports.ts'
import { createImageCheckHandler } from './reconcile/image-checks.ts'
import { createJobRunHandler } from './reconcile/job-runs.ts'
import { createNotificationHandler } from './reconcile/notifications.ts'
import { projectHandler } from './reconcile/projects.ts'
import { publicHosts } from './reconcile/public-hosts.ts'
import { restoreHandler } from './reconcile/restores.ts'
import { createRetentionHandler } from './reconcile/retention.ts'
import { startServiceReconciler } from './reconcile/service-reconciler.ts'
import { createTriggerHandler } from './reconcile/triggers.ts'
import { volumeBackupHandler } from './reconcile/volume-backups.ts'
import { volumeHandler } from './reconcile/volumes.ts'

export type WorkerDeps = {
  config: Config
  db: Db
  adapters: Adapters
  sealer: Sealer
  clock: Clock
  crash: CrashPoints
  log: Log
  mask(text: string): string
}

export type Workers = { handlers: WorkHandlers; stop(): Promise<void> }

/** Who does which kind of work, and how many of it at once. */
export function startWorkers(deps: WorkerDeps): Workers {
  const { adapters, config } = deps
  const services = startServiceReconciler({
    ...deps,
    runtime: adapters.runtime,
    traffic: adapters.traffic,
    locate: adapters.builder.locate,
    domain: config.gateway.domain,
    volumeVariables: adapters.volumes.variables,
  })
  return {
    handlers: { ...handlersOf(deps), service: { concurrency: 32, run: services.run } },
    stop: services.stop,
  }
}

function handlersOf(deps: WorkerDeps): WorkHandlers {
  const { adapters, config } = deps
  const jobDeps = { ...deps, runtime: adapters.runtime, locate: adapters.builder.locate }
  const addonDeps = { ...deps, engines: adapters.engines, openStorage: adapters.openStorage }
  const volumeDeps = { ...deps, volumes: adapters.volumes, openStorage: adapters.openStorage }
  return {
    release_run: {
      concurrency: 50,
      run: releaseRunHandler({
        ...deps,
        rules: flowRules,
        resolveCommit: (request) => adapters.source.resolve(request),
        lookUpImage: (use, signal) =>
          lookUpImage({ ...deps, resolveImage: adapters.images.resolve }, use, signal),
        exec: (runtimeId, request) => runInInstance(adapters, runtimeId, request),
        addonOffers: () => offersOf(adapters.engines),
        publicNames: (service, ports) => publicHosts(service, ports, config.gateway.domain),
        allowPrivateWebhooks: config.allowPrivateWebhooks,
      }),
    },
    build: { concurrency: config.builds.concurrency, run: buildHandler(deps) },
    job: { concurrency: 4, run: createJobHandler(jobDeps) },
    job_run: { concurrency: 16, run: createJobRunHandler(jobDeps) },
    addon: { concurrency: 8, run: addonHandler(addonDeps) },
    backup: { concurrency: 2, run: backupHandler(addonDeps) },
    restore: { concurrency: 2, run: restoreHandler(addonDeps) },
    backup_schedule: { concurrency: 4, run: backupScheduleHandler(addonDeps) },
    volume: { concurrency: 2, run: volumeHandler(volumeDeps) },
    volume_backup: { concurrency: 2, run: volumeBackupHandler(volumeDeps) },
    project: { concurrency: 4, run: projectHandler(deps) },
    ...startingHandlers(deps),
    sweep: { concurrency: 1, run: sweepHandler(deps) },
  }
}

/** What may start a build or a release, or change a flow, without a person. */
function startingHandlers(deps: WorkerDeps): WorkHandlers {
  const { adapters, config } = deps
  const linked = linkedDocuments({ ...deps, rules: flowRules })
  return {
    trigger_event: {
      concurrency: 4,
      run: createTriggerHandler({
        ...deps,
        git: adapters.git,
        sources: [
          buildTargets(deps.sealer),
          flowTargets({ ...deps, rules: flowRules }),
          gitopsTargets(linked),
        ],
      }),
    },
    git_poll: {
      concurrency: 4,
      run: createPollHandler({ ...deps, git: adapters.git, intervalSeconds: config.gitPollSeconds }),
    },
    gitops: {
      concurrency: 2,
      run: createGitopsHandler({ ...deps, repository: adapters.documents, documents: linked }),
    },
    host_report: {
      concurrency: 8,
      run: createHostReportHandler({
        ...deps,
        reporter: adapters.hostReporter,
        publicUrl: config.publicUrl,
      }),
    },
    notification: {
      concurrency: 8,
      run: createNotificationHandler({
        ...deps,
        notifier: createHttpNotifier({ allowPrivate: config.allowPrivateWebhooks }),
        publicUrl: config.publicUrl,
      }),
    },
    flow_cron: { concurrency: 4, run: createFlowCronHandler({ ...deps, rules: flowRules }) },
    image_check: {
      concurrency: 4,
      run: createImageCheckHandler({
        ...deps,
        images: adapters.images,
        intervalSeconds: config.imagePollSeconds,
        random: Math.random,
      }),
    },
  }
}

function sweepHandler(deps: WorkerDeps): WorkHandler {
  const artifacts = createRetentionHandler({ ...deps, builder: deps.adapters.builder })
  const triggers = createTriggerSweep(deps)
  return (item, signal) => (item.key === TRIGGER_SWEEP ? triggers(item, signal) : artifacts(item, signal))
}

const buildHandler = (deps: WorkerDeps) =>
  createBuildHandler({
    ...deps,
    source: deps.adapters.source,
    builder: deps.adapters.builder,
    logs: deps.adapters.buildLogs,
    checkouts: join(foldersOf(deps.config.dataFolder).checkouts),
    timeoutSeconds: deps.config.builds.timeoutSeconds,
    onSuccess: async (tx, build) => {
      await deployIfFollowing(tx, build, deps.sealer)
      await deployToJobsFollowing(tx, build, deps.sealer)
    },
  })
