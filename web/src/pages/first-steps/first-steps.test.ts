import { expect, test } from 'vitest'
import { firstSteps, hasReleased, type ObservedProject, type Step } from './first-steps.ts'

const EMPTY: ObservedProject = { id: 'shop', services: [], addons: 0, pipelines: [] }
const WEB = { id: 'web', serviceType: 'combined', buildStatus: 'SUCCESS' }
const TARGET = { id: 'web-live', serviceType: 'deployment', buildStatus: undefined }
const STAGE = { name: 'Staging', services: 0, hasFlow: false, hasSucceeded: false }

const stepsOf = (project: ObservedProject | undefined): Record<string, Step> =>
  Object.fromEntries(firstSteps({ hasGitAccount: false, project }).map((step) => [step.id, step]))

const doneOf = (project: ObservedProject | undefined): string[] =>
  Object.values(stepsOf(project))
    .filter(({ done }) => done)
    .map(({ id }) => id)

const withStage = (stage: Partial<typeof STAGE>): ObservedProject => ({
  ...EMPTY,
  services: [WEB, TARGET],
  pipelines: [{ id: 'ship', stages: [{ ...STAGE, ...stage }] }],
})

test('without a project nothing is done, and only a git account can be connected elsewhere', () => {
  expect(doneOf(undefined)).toEqual([])
  const reachable = Object.values(stepsOf(undefined)).filter(({ to }) => to !== undefined)
  expect(reachable.map(({ id }) => id)).toEqual(['git'])
})

test('a step leads to where it is done once the steps it needs are done, and nowhere after that', () => {
  expect(stepsOf(EMPTY).service?.to).toBe('#services')
  expect(stepsOf(EMPTY).build?.to).toBeUndefined()
  expect(stepsOf({ ...EMPTY, services: [{ ...WEB, buildStatus: 'FAILURE' }] }).build?.to).toBe(
    '/projects/shop/services/web',
  )
  expect(stepsOf(withStage({})).build?.to).toBeUndefined()
  expect(stepsOf(withStage({})).pipeline?.to).toBe('/projects/shop/pipelines/ship')
  expect(stepsOf(withStage({ services: 1 })).flow?.to).toBe('/projects/shop/pipelines/ship/staging/flow')
  expect(stepsOf(withStage({ services: 1, hasFlow: true })).run?.to).toBe('/projects/shop/pipelines/ship')
})

test('a build that failed, a pipeline without members and a run that did not succeed tick nothing', () => {
  expect(doneOf({ ...EMPTY, services: [{ ...WEB, buildStatus: 'FAILURE' }] })).toEqual(['project', 'service'])
  expect(doneOf(withStage({}))).toEqual(['project', 'service', 'build', 'target'])
  expect(doneOf(withStage({ services: 1, hasFlow: true }))).toEqual([
    'project',
    'service',
    'build',
    'target',
    'pipeline',
    'flow',
  ])
})

test('a service that only runs images is no service of a repository', () => {
  expect(doneOf({ ...EMPTY, services: [TARGET] })).toEqual(['project', 'target'])
})

test('a project has released once any stage of any pipeline has a run that succeeded', () => {
  expect(hasReleased(withStage({ hasFlow: true }))).toBe(false)
  expect(hasReleased(withStage({ hasFlow: true, hasSucceeded: true }))).toBe(true)
})
