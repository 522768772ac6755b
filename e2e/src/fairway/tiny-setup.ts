import type { Json, Rest } from './rest.ts'
import { waitFor } from './wait-for.ts'

export const TINY = 'tiny'

/** A project with a builder and one service of the tiny repository. */
export async function setUpTiny(
  call: Rest,
  repositoryUrl: string,
  {
    instances = 1,
    drainSeconds = 2,
    gracePeriodSeconds = 15,
    progressDeadlineSeconds = 8,
    minReadySeconds = 1,
  } = {},
): Promise<void> {
  await call('PUT', '/projects', { name: 'Tiny' })
  await call('PUT', `/projects/${TINY}/services/build`, {
    name: 'builder',
    vcsData: { projectUrl: repositoryUrl, projectType: 'self-hosted' },
    buildConfiguration: { branchRestrictions: ['main'] },
  })
  await call('PUT', `/projects/${TINY}/services/deployment`, {
    name: 'web',
    deployment: { instances, gracePeriodSeconds, drainSeconds, progressDeadlineSeconds, minReadySeconds },
    ports: [{ name: 'web', internalPort: 3000, public: true, protocol: 'HTTP' }],
    healthChecks: [
      {
        type: 'readinessProbe',
        protocol: 'HTTP',
        path: '/ready',
        port: 3000,
        initialDelaySeconds: 0,
        periodSeconds: 0.2,
        timeoutSeconds: 1,
        failureThreshold: 3,
        successThreshold: 1,
      },
    ],
  })
}

/** Builds a commit and waits for the end; answers the build. */
export async function buildTiny(call: Rest, sha: string, branch = 'main'): Promise<Json> {
  const { id } = await call('POST', `/projects/${TINY}/services/builder/build`, { branch, sha })
  return waitFor(
    `build ${id} to conclude`,
    async () => {
      const build = await call('GET', `/projects/${TINY}/services/builder/build/${id}`)
      return build.concluded === true && build
    },
    { deadlineMs: 60_000 },
  )
}

export const deployTiny = (call: Rest, buildId: unknown): Promise<Json> =>
  call('POST', `/projects/${TINY}/services/web/deployment`, {
    internal: { id: 'builder', branch: 'main', buildId },
  })

/** Waits until the service's deployment has the status; answers the service. */
export function deploymentIs(call: Rest, status: 'COMPLETED' | 'FAILED', deadlineMs = 30_000): Promise<Json> {
  return waitFor(
    `the deployment to be ${status}`,
    async () => {
      const service = await call('GET', `/projects/${TINY}/services/web`)
      const deployment = (service.status as Json).deployment as Json
      return deployment.status === status && service
    },
    { deadlineMs },
  )
}
