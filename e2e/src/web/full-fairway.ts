/** For tests and pictures: one of everything that a page shows, made by the API alone. */
import { createHmac } from 'node:crypto'
import { join } from 'node:path'
import type { Json, Rest } from '../fairway/rest.ts'
import { createShopRepository, type ShopRepository } from '../fairway/shop-repository.ts'
import { flowPath, PIPELINE, PROJECT, setUpShop } from '../fairway/shop-setup.ts'
import type { TestFairway } from '../fairway/test-fairway.ts'
import { waitFor } from '../fairway/wait-for.ts'

/** Nobody answers there: only what is pushed is judged. */
const WATCHED = 'http://127.0.0.1:9/docs.git'
const SECRET = 'the secret of a git server'

/** The parts of the addresses of pages, by name: `$runId` and so on. */
export type PageParts = Record<string, string>

export type FullFairway = { repository: ShopRepository; parts: PageParts }

/** The shop released to production, and something on every page. */
export async function fillFairway({ fairway, call, folder }: TestFairway): Promise<FullFairway> {
  const repository = createShopRepository(join(folder, 'shop'))
  await setUpShop(call, repository.url)
  await release(call, 'Staging', 'First version to staging')
  const runId = await release(call, 'Production', 'First version to production')
  const template = await fillTemplates(call)
  const { account, triggerId } = await fillGit(fairway.url, call)
  await fillTeam(call)
  const volume = await call('POST', `/projects/${PROJECT}/volumes`, {
    name: 'uploads',
    mounts: [{ containerMountPath: '/uploads' }],
    spec: { storageSize: 1024 },
  })
  return {
    repository,
    parts: {
      projectId: PROJECT,
      serviceId: 'shop',
      jobId: 'shop-migrate',
      addonId: 'shop-db',
      pipelineId: PIPELINE,
      stage: 'Production',
      runId,
      secretId: 'shop-secrets',
      triggerId,
      volumeId: String(volume.id),
      domain: 'shop.example.com',
      accountId: account,
      notificationId: 'release-room',
      ...template,
    },
  }
}

/** Answers the run's id once it has succeeded. */
export async function release(call: Rest, stage: string, name: string): Promise<string> {
  const { id } = await call('POST', `${flowPath(stage)}/runs`, { name })
  await concluded(call, `${flowPath(stage)}/runs/${id}`)
  return String(id)
}

export const concluded = (call: Rest, path: string): Promise<Json> =>
  waitFor(
    `${path} to end`,
    async () => {
      const run = await call('GET', path)
      return run.concluded === true && run
    },
    { deadlineMs: 120_000 },
  )

const template = {
  apiVersion: 'v1.2',
  name: 'Marks',
  spec: {
    kind: 'Workflow',
    spec: {
      type: 'sequential',
      steps: [
        {
          kind: 'SecretGroup',
          ref: 'shared',
          spec: { projectId: PROJECT, name: 'shared', secrets: { variables: { LEVEL: 'info' } } },
        },
      ],
    },
  },
}

async function fillTemplates(call: Rest): Promise<PageParts> {
  const parts: PageParts = { templateId: 'marks' }
  for (const [name, base] of [
    ['teamRunId', '/templates'],
    ['projectRunId', `/projects/${PROJECT}/templates`],
  ] as const) {
    await call('POST', base, template)
    const { id } = await call('POST', `${base}/marks/runs`, {})
    await concluded(call, `${base}/marks/runs/${id}`)
    parts[name] = String(id)
  }
  return parts
}

async function fillGit(url: string, call: Rest): Promise<{ account: string; triggerId: string }> {
  await call('PUT', `/projects/${PROJECT}/services/build`, {
    name: 'docs-builder',
    vcsData: { projectUrl: WATCHED, projectType: 'self-hosted', projectBranch: 'main' },
  })
  const { id, webhook } = await call('POST', '/integrations/vcs', {
    name: 'own server',
    host: 'generic',
    baseUrl: new URL(WATCHED).origin,
    webhookSecret: SECRET,
  })
  await push(`${url}${String((webhook as Json).path)}`, WATCHED)
  const triggerId = await waitFor('an entry of the ledger', async () => {
    const { triggers } = await call('GET', `/projects/${PROJECT}/triggers`)
    return (triggers as Json[])[0]?.id
  })
  return { account: String(id), triggerId: String(triggerId) }
}

async function push(url: string, repository: string): Promise<void> {
  const body = JSON.stringify({
    repository,
    ref: 'refs/heads/experiment',
    before: 'a'.repeat(40),
    after: 'b'.repeat(40),
    sender: 'ann',
  })
  const signature = createHmac('sha256', SECRET).update(body).digest('hex')
  const headers = { 'content-type': 'application/json', 'x-fairway-signature': `sha256=${signature}` }
  const { status } = await fetch(url, { method: 'POST', headers, body })
  if (status !== 202) throw new Error(`the push was answered with ${status}`)
}

async function fillTeam(call: Rest): Promise<void> {
  await call('POST', '/domains', { domain: 'shop.example.com' })
  await call('POST', '/integrations/notifications', {
    name: 'Release room',
    type: 'SLACK',
    webhook: 'https://chat.example.com/hooks/one',
    events: { 'trigger:release-flow-template-run:failure': true },
  })
  await call('POST', '/integrations/registries', {
    name: 'Own registry',
    provider: 'custom',
    registryUrl: 'registry.example.com',
    credentials: { username: 'ann', password: 'not shown' },
  })
  await call('POST', '/tokens', { name: 'ci', permission: 'write' })
}
