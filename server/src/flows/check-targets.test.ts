import type { FlowDocument } from '@fairway/contract/flow'
import type { FlowNode } from '@fairway/contract/nodes/kinds'
import { describe, expect, test } from 'vitest'
import { checkDocument } from './check.ts'
import { build, check, node, stage } from './test-check.ts'
import { job, loop, parallel, sequential } from './test-run.ts'

describe('targets', () => {
  const release = (type: string, origin: object, target: object = { id: 'web', type: 'service' }): FlowNode =>
    node('Release', { type, origin, target })
  test.each([
    [
      release('registry', { imagePath: 'nginx' }, { id: 'web-staging', type: 'service' }),
      'target.id: service "web-staging" is not in stage Production of pipeline "main"',
    ],
    [
      release('registry', { imagePath: 'nginx' }, { id: 'nope', type: 'service' }),
      'target.id: there is no service "nope" in this project',
    ],
    [
      release('registry', { imagePath: 'nginx' }, { id: 'web', type: 'job' }),
      'target.id: there is no job "web"',
    ],
    [
      release('deployment', { id: 'web-dev', type: 'service' }),
      'origin.id: service "web-dev" is not in stage Staging: a promotion comes from the stage directly before',
    ],
    [
      release('deployment', { id: 'web', type: 'service' }),
      'origin.id: service "web" is not in stage Staging',
    ],
    [release('build', { id: 'web', branch: 'main' }), 'origin.id: service "web" does not build'],
    [
      release('build', { id: 'other/builder', branch: 'main' }),
      'origin.id: "other/builder" is in another project',
    ],
    [release('build', { branch: 'main' }), 'origin.id: is missing'],
    [
      release('build', { id: 'builder', branch: 'main', pullRequestId: 1 }),
      'origin.pullRequestId: give either',
    ],
    [build({ pullRequestId: 7 }), 'pullRequestId: give either branch or pullRequestId, not both'],
    [node('Build', { id: 'builder', type: 'service' }), 'branch: is missing'],
    [build({ id: 'nope' }), 'id: there is no service "nope"'],
    [build({ id: 'a', type: 'job' }), 'id: job "a" does not build'],
    [build({ projectId: 'other' }), 'projectId: a release flow addresses its own project only'],
    [node('JobRun', { jobId: 'migrate-staging' }), 'jobId: job "migrate-staging" is not in stage'],
    [node('AddonBackup', { addonId: 'db-staging' }), 'addonId: addon "db-staging" is not in stage'],
    [
      node('Action', { kind: 'Service', spec: { type: 'restart', data: { serviceId: 'nope' } } }),
      'spec.data.serviceId: there is no service',
    ],
    [
      node('Condition', { kind: 'Addon', spec: { type: 'running', data: { addonId: 'nope' } } }),
      'spec.data.addonId: there is no addon',
    ],
    [node('LoopData', {}), 'kind: LoopData has a meaning only inside a LoopWorkflow'],
  ])('%# is refused with its field and what to do', (step, problem) => {
    const problems = check([step])
    expect(problems).toHaveLength(1)
    expect(problems[0]).toContain(`spec.spec.steps.0.`)
    expect(problems[0]).toContain(problem)
  })

  test.each([
    [release('deployment', { id: 'web-staging', type: 'service' })],
    [release('build', { id: 'shop/builder', branch: 'main', build: 'latest' })],
    [node('Build', { id: 'combined', type: 'service' })],
    [build({ id: 'migrate', type: 'job' })],
    [node('JobRun', { jobId: '${refs.x.id}' })],
    [loop([1], [node('LoopData', {})])],
  ])('%# is accepted', (step) => {
    expect(check([job('x'), step])).toEqual([])
  })

  test('nothing can be promoted to the first stage', () => {
    const document = {
      apiVersion: 'v1.2',
      spec: sequential(release('deployment', { id: 'web-staging', type: 'service' })),
    } as FlowDocument
    expect(checkDocument(document, { ...stage, previous: null })[0]?.rule).toContain('no stage before it')
  })

  test('a kind without a condition refuses one, and one with it names it', () => {
    expect(check([node('Approval', { amount: 1 }, { condition: 'success' })])[0]).toContain(
      'condition: is not known',
    )
    expect(check([node('JobRun', { jobId: 'a' }, { condition: 'running' })])[0]).toContain(
      'must be "success"',
    )
  })
})

describe('templates', () => {
  const start = (templateId: string, templateType = 'release-flow-template'): FlowNode =>
    node('RunTemplate', { templateType, templateId })
  const flow = (...steps: FlowNode[]): FlowDocument => ({ apiVersion: 'v1.2', spec: sequential(...steps) })

  test.each([
    ['Production', 'main:Production. Break the circle'],
    ['main:production', 'main:Production. Break the circle'],
    ['Staging', 'main:Staging → main:Development → main:Production'],
    ['other:Staging', 'there is no release flow "other:Staging"'],
    ['a/b/c', 'must be a stage'],
    ['elsewhere/main:Staging', 'only flows of this project'],
  ])('%s is refused', (templateId, rule) => {
    const flows = new Map([
      ['shop/main:Staging', flow(parallel(start('main:Development')))],
      ['shop/main:Development', flow(start('shop/main:Production'))],
    ])
    expect(check([start(templateId)], { flows })[0]).toContain(rule)
  })

  test('another flow that leads nowhere back is accepted, even when others circle', () => {
    const flows = new Map([
      ['shop/main:Staging', flow(job())],
      ['shop/x:Staging', flow(start('y:Staging'))],
      ['shop/y:Staging', flow(start('x:Staging'))],
    ])
    expect(check([start('Staging'), start('x:Staging')], { flows })).toEqual([])
  })

  test('other kinds of template are known and refused', () => {
    expect(check([start('x', 'workflow')])[0]).toContain('only release-flow-template')
  })
})
