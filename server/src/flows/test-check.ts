import { readFileSync } from 'node:fs'
import type { FlowDocument } from '@fairway/contract/flow'
import type { FlowNode } from '@fairway/contract/nodes/kinds'
import { type CheckOptions, checkDocument } from './check.ts'
import type { Resources, StageFacts } from './check-targets.ts'
import { parseDocument } from './document.ts'
import type { RunValues } from './scope.ts'
import { sequential } from './test-run.ts'

/** A stage, a run and a check of steps in them, for tests. */

const resources = (services: string[], jobs: string[] = [], addons: string[] = []): Resources => ({
  services: new Set(services),
  jobs: new Set(jobs),
  addons: new Set(addons),
})

export const stage: StageFacts = {
  address: { projectId: 'shop', pipelineId: 'main', stage: 'Production' },
  project: resources(
    ['web', 'web-staging', 'web-dev', 'builder', 'combined', 'prod-builder', 'prod-web'],
    ['a', 'migrate', 'migrate-staging', 'prod-migrations'],
    ['db', 'db-staging'],
  ),
  stage: resources(['web', 'prod-web'], ['a', 'migrate', 'prod-migrations'], ['db']),
  previous: { name: 'Staging', ...resources(['web-staging'], ['migrate-staging'], ['db-staging']) },
  builders: {
    buildServices: new Set(['builder', 'prod-builder']),
    combinedServices: new Set(['combined']),
    jobs: new Set(['migrate']),
  },
}

export const values: RunValues = {
  arguments: {},
  triggers: {},
  startedAt: new Date(0),
  seeds: { run: new Uint8Array(32), flow: new Uint8Array(32) },
  fetchSecret: () => undefined,
}

export const node = (kind: string, spec: unknown, extra: object = {}): FlowNode =>
  ({ kind, spec, ...extra }) as FlowNode

export function check(
  steps: FlowNode[],
  options: CheckOptions = {},
  more: Partial<FlowDocument> = {},
): string[] {
  const document = { apiVersion: 'v1.2', ...more, spec: sequential(...steps) } as FlowDocument
  const parsed = parseDocument(document)
  if (!parsed.ok) return parsed.problems.map(({ path, rule }) => `${path}: ${rule}`)
  return checkDocument(parsed.document, stage, options).map(({ path, rule }) => `${path}: ${rule}`)
}

export const run = (over: Partial<RunValues> = {}): CheckOptions => ({ values: { ...values, ...over } })
export const file = (path: string): unknown =>
  JSON.parse(readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8'))

export const build = (extra: object = {}, ref = 'build'): FlowNode =>
  node('Build', { id: 'builder', type: 'service', branch: 'main', ...extra }, { ref, condition: 'success' })
