import { backupRoutes } from './addons/backup-routes.ts'
import { destinationRoutes } from './addons/destination-routes.ts'
import { addonRoutes } from './addons/routes.ts'
import { buildRoutes } from './builds/routes.ts'
import { certificateRoutes } from './domains/certificate-routes.ts'
import { domainRoutes } from './domains/routes.ts'
import { jobEnvironmentRoutes } from './environment/job-routes.ts'
import { serviceEnvironmentRoutes } from './environment/service-routes.ts'
import { eventRoutes } from './events/routes.ts'
import { gitAccountRoutes } from './git-accounts/routes.ts'
import { jobActionRoutes } from './jobs/action-routes.ts'
import { jobRoutes } from './jobs/routes.ts'
import { logRoutes } from './logs/routes.ts'
import { notificationRoutes } from './notifications/routes.ts'
import { pipelineRoutes } from './pipelines/routes.ts'
import { projectRoutes } from './projects/routes.ts'
import { registryRoutes } from './registries/routes.ts'
import { releaseFlowRoutes } from './release-flows/flow-routes.ts'
import { gitopsRoutes } from './release-flows/gitops-routes.ts'
import { releaseRunRoutes } from './release-flows/run-routes.ts'
import { flowVersionRoutes } from './release-flows/version-routes.ts'
import type { Route } from './route.ts'
import { secretRoutes } from './secrets/routes.ts'
import { serviceActionRoutes } from './services/action-routes.ts'
import { serviceRoutes } from './services/routes.ts'
import { streamRoutes } from './streams/routes.ts'
import { tagRoutes } from './tags/routes.ts'
import { teamRoutes } from './teams/routes.ts'
import { templateRoutes } from './templates/routes.ts'
import { tokenRoutes } from './tokens/routes.ts'
import { triggerRoutes } from './triggers/routes.ts'
import { volumeRoutes } from './volumes/routes.ts'

/** Every route of the API. A new noun adds its array here. */
export const routes: readonly Route[] = [
  ...teamRoutes,
  ...tokenRoutes,
  ...tagRoutes,
  ...notificationRoutes,
  ...registryRoutes,
  ...projectRoutes,
  ...serviceRoutes,
  ...serviceActionRoutes,
  ...serviceEnvironmentRoutes,
  ...jobRoutes,
  ...jobActionRoutes,
  ...jobEnvironmentRoutes,
  ...logRoutes,
  ...buildRoutes,
  ...pipelineRoutes,
  ...releaseFlowRoutes,
  ...gitopsRoutes,
  ...releaseRunRoutes,
  ...flowVersionRoutes,
  ...templateRoutes,
  ...secretRoutes,
  ...addonRoutes,
  ...backupRoutes,
  ...destinationRoutes,
  ...volumeRoutes,
  ...streamRoutes,
  ...eventRoutes,
  ...gitAccountRoutes,
  ...domainRoutes,
  ...certificateRoutes,
  ...triggerRoutes,
]
