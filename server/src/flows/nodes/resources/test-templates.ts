import type { RunRequest } from '@fairway/contract/flow'
import { transaction } from '../../../db/db.ts'
import type { ReleaseNodeRow } from '../../../db/release-nodes.ts'
import type { ReleaseRunRow } from '../../../db/release-runs.ts'
import type { TemplateKey } from '../../../db/templates.ts'
import { dryRun, type TemplatePlan } from '../../../operations/templates/dry-run.ts'
import { startTemplateRun } from '../../../operations/templates/run.ts'
import { putTemplate } from '../../../operations/templates/save.ts'
import { type EngineOptions, runDeps, type World, withEngine } from '../../test-world.ts'

export type Ended = { run: ReleaseRunRow; nodes: ReleaseNodeRow[] }

export type Templates = World & {
  /** Saves a template of the team, or of a project. */
  put(document: object, projectId?: string): Promise<TemplateKey>
  /** Runs it to its end. */
  runToEnd(key: TemplateKey, body?: RunRequest): Promise<Ended>
  plan(key: TemplateKey, body?: RunRequest): Promise<TemplatePlan>
}

/** For tests of templates: a real database, the real engine, and engines for both kinds of addons. */
export const withTemplates = (
  work: (templates: Templates) => Promise<void>,
  options: EngineOptions = {},
): Promise<void> =>
  withEngine(async (world) => work({ ...world, ...templatesOf(world) }), {
    ...options,
    deps: {
      addonOffers: async () =>
        ['postgresql', 'redis'].map((type) => ({ type, tls: true, versions: ['18.4'] })),
      ...options.deps,
    },
  })

function templatesOf({ db, reaches, nodes }: World): Omit<Templates, keyof World> {
  return {
    put: async (document, projectId) => {
      const scope = { projectId: projectId ?? null, actor: 'ann' }
      const { id } = await transaction(db, (tx) => putTemplate(tx, scope, document, runDeps))
      return { projectId: scope.projectId, templateId: id }
    },
    runToEnd: async (key, body = {}) => {
      const start = { key, body, actor: 'ann', trigger: 'manual' } as const
      const { id } = await transaction(db, (tx) => startTemplateRun(tx, start, runDeps))
      const run = await reaches(id, 'success', 'failure', 'aborted')
      return { run, nodes: Object.values(await nodes(id)) }
    },
    plan: (key, body = {}) => dryRun(db, { key, body }, { ...runDeps, publicNames: () => [] }),
  }
}

/** A document of the team that makes the project `shop-two` and then these steps in sequence. */
export const documentOf = (...steps: object[]) => ({
  apiVersion: 'v1.2',
  name: 'set-up',
  project: { spec: { name: 'Shop Two' } },
  spec: { kind: 'Workflow', spec: { type: 'sequential', steps } },
})

export const deployment = (name: string, spec: object = {}, node: object = {}) => ({
  kind: 'DeploymentService',
  ref: name,
  ...node,
  spec: { name, ports: [{ name: 'http', internalPort: 3000, public: true }], ...spec },
})

/** By ref, else by kind: what became of a step. */
export const resultsOf = ({ nodes }: Ended): Record<string, unknown> =>
  Object.fromEntries(
    nodes
      .filter(({ kind }) => kind !== 'Workflow')
      .map(({ ref, kind, status, response }) => [
        ref ?? kind,
        (response as { result?: string } | null)?.result ?? status,
      ]),
  )

/** Everything that the run changed in resources that were there. */
export const differencesOf = ({ nodes }: Ended): unknown[] =>
  nodes.flatMap(({ response }) => (response as { differences?: unknown[] } | null)?.differences ?? [])
