import { readFileSync } from 'node:fs'
import type { Json, Rest } from './rest.ts'
import { flowFile } from './shop-repository.ts'
import { waitFor } from './wait-for.ts'

export const PROJECT = 'shop-demo'
export const PIPELINE = 'shop-pipeline'

/** Where one stage keeps its things. */
const stages = [
  { stage: 'Staging', suffix: '-staging', instances: 1, flow: 'staging' },
  { stage: 'Production', suffix: '', instances: 3, flow: 'production' },
] as const

/** Creates the shop's project: two databases, two services, two jobs, one pipeline with a flow per stage. */
export async function setUpShop(call: Rest, repositoryUrl: string): Promise<void> {
  await call('PUT', '/projects', { name: 'Shop demo', description: 'The example shop' })
  await call('PUT', `/projects/${PROJECT}/services/build`, {
    name: 'shop-builder',
    vcsData: { projectUrl: repositoryUrl, projectType: 'self-hosted' },
    buildConfiguration: { branchRestrictions: ['main'] },
  })
  for (const { suffix, instances } of stages) await setUpStage(call, suffix, instances)
  await call('PUT', `/projects/${PROJECT}/pipelines`, {
    name: 'Shop pipeline',
    stages: stages.map(membersOf),
  })
  for (const { stage, flow } of stages) {
    const document = JSON.parse(readFileSync(flowFile(flow), 'utf8')) as Json
    await call('POST', `${flowPath(stage)}`, document)
  }
  for (const { suffix } of stages) await addonRuns(call, `shop-db${suffix}`)
}

export const flowPath = (stage: string): string =>
  `/projects/${PROJECT}/pipelines/${PIPELINE}/release-flows/${stage.toLowerCase()}`

const membersOf = ({ stage, suffix }: (typeof stages)[number]): Json => ({
  name: stage,
  nfObjects: [
    { id: `shop${suffix}`, type: 'service' },
    { id: `shop-migrate${suffix}`, type: 'job' },
    { id: `shop-db${suffix}`, type: 'addon' },
  ],
})

async function setUpStage(call: Rest, suffix: string, instances: number): Promise<void> {
  await call('PUT', `/projects/${PROJECT}/addons`, {
    name: `shop-db${suffix}`,
    type: 'postgresql',
    version: 'latest',
    billing: { deploymentPlan: 'nf-compute-100-2', storage: 4096, replicas: 1 },
  })
  await call('PUT', `/projects/${PROJECT}/services/deployment`, serviceBody(`shop${suffix}`, instances))
  await call('PUT', `/projects/${PROJECT}/jobs/manual`, {
    name: `shop-migrate${suffix}`,
    billing: { deploymentPlan: 'nf-compute-100-2' },
    backoffLimit: 0,
    activeDeadlineSeconds: 120,
    runOnSourceChange: 'never',
    deployment: {},
  })
  await call('PUT', `/projects/${PROJECT}/secrets`, {
    name: `shop-secrets${suffix}`,
    secretType: 'environment',
    priority: 10,
    addonDependencies: [
      { addonId: `shop-db${suffix}`, keys: [{ keyName: 'POSTGRES_URI', aliases: ['DATABASE_URL'] }] },
    ],
    restrictions: {
      restricted: true,
      nfObjects: [
        { id: `shop${suffix}`, type: 'service' },
        { id: `shop-migrate${suffix}`, type: 'job' },
      ],
    },
  })
}

const serviceBody = (name: string, instances: number): Json => ({
  name,
  billing: { deploymentPlan: 'nf-compute-100-2' },
  deployment: { instances, gracePeriodSeconds: 15, drainSeconds: 5, progressDeadlineSeconds: 60 },
  ports: [{ name: 'web', internalPort: 3000, public: true, protocol: 'HTTP' }],
  healthChecks: [
    {
      type: 'readinessProbe',
      protocol: 'HTTP',
      path: '/ready',
      port: 3000,
      initialDelaySeconds: 0,
      periodSeconds: 0.5,
      timeoutSeconds: 2,
      failureThreshold: 3,
      successThreshold: 1,
    },
    {
      type: 'livenessProbe',
      protocol: 'HTTP',
      path: '/ping',
      port: 3000,
      initialDelaySeconds: 1,
      periodSeconds: 10,
      timeoutSeconds: 2,
      failureThreshold: 3,
    },
  ],
})

async function addonRuns(call: Rest, id: string): Promise<void> {
  await waitFor(
    `${id} to run`,
    async () => (await call('GET', `/projects/${PROJECT}/addons/${id}`)).status === 'running',
    { deadlineMs: 60_000, everyMs: 100 },
  )
}
