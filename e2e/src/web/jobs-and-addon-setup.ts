/** For tests: a project with jobs of a git repository, whose runs print what they were given, and a database. */
import { join } from 'node:path'
import type { Json, Rest } from '../fairway/rest.ts'
import { createShopRepository, type ShopRepository } from '../fairway/shop-repository.ts'
import type { TestFairway } from '../fairway/test-fairway.ts'
import { waitFor } from '../fairway/wait-for.ts'

export const SHOP = '/projects/shop'

const PRINTS = "sh -c 'echo mark=$MARK'"

/** Answers the repository once both jobs have something to run. */
export async function setUpJobs({
  call,
  folder,
}: Pick<TestFairway, 'call' | 'folder'>): Promise<ShopRepository> {
  const repository = createShopRepository(join(folder, 'repository'))
  await call('PUT', '/projects', { name: 'Shop' })
  const body = (name: string): Json => ({
    name,
    deployment: {
      vcs: { projectUrl: repository.url, projectBranch: 'main' },
      docker: { configType: 'customCommand', customCommand: PRINTS },
    },
    runtimeEnvironment: { MARK: 'own' },
  })
  await call('PUT', `${SHOP}/jobs`, body('report'))
  await call('PUT', `${SHOP}/jobs`, { ...body('nightly'), settings: { cron: { schedule: '0 3 * * *' } } })
  for (const id of ['report', 'nightly']) await hasArtifact(call, id)
  return repository
}

const hasArtifact = (call: Rest, id: string): Promise<unknown> =>
  waitFor(`a build of ${id}`, async () => (await call('GET', `${SHOP}/jobs/${id}`)).artifact ?? undefined, {
    deadlineMs: 60_000,
  })

/** Answers once the addon `shop-db` runs. */
export async function setUpAddon(call: Rest): Promise<void> {
  await call('PUT', `${SHOP}/addons`, { name: 'shop-db', type: 'postgresql' })
  await addonIs(call, 'running')
}

export const addonIs = (call: Rest, status: string): Promise<unknown> =>
  waitFor(
    `shop-db to be ${status}`,
    async () => (await call('GET', `${SHOP}/addons/shop-db`)).status === status,
    {
      deadlineMs: 60_000,
      everyMs: 100,
    },
  )

/** The names of the runs of a job, newest first, as the API has them. */
export async function runNames(call: Rest, id: string): Promise<string[]> {
  const { runs } = await call('GET', `${SHOP}/jobs/${id}/runs`)
  return (runs as { runName: string }[]).map(({ runName }) => runName)
}

/** Answers once no run of a job is under way. */
export const concluded = (call: Rest, id: string): Promise<unknown> =>
  waitFor(`the runs of ${id} to end`, async () => {
    const { runs } = await call('GET', `${SHOP}/jobs/${id}/runs`)
    return (runs as { concluded: boolean }[]).every((run) => run.concluded)
  })
