import * as contract from '@fairway/contract/routes/environment'
import { transaction } from '../../db/db.ts'
import type { Owner } from '../../db/secrets.ts'
import { requireOwnerTags } from '../../operations/environment/require-owner.ts'
import {
  type ResolvedEnvironment,
  resolveBuildEnvironment,
  resolveRuntimeEnvironment,
} from '../../operations/environment/resolve.ts'
import { type FileValue, type OwnSecrets, readOwnSecrets } from '../../operations/environment/set-own.ts'
import { patchJob } from '../../operations/jobs/save.ts'
import { patchService } from '../../operations/services/save.ts'
import type { ApiDeps } from '../deps.ts'
import { defineRoute, type Route } from '../route.ts'

type Values = { variables: Record<string, string>; files: Record<string, FileValue> }

const ownValues = (own: OwnSecrets, use: 'runtime' | 'build'): Values =>
  use === 'runtime'
    ? { variables: own.runtimeEnvironment, files: own.runtimeFiles }
    : { variables: own.buildArguments, files: own.buildFiles }

async function readValues(
  { db, sealer }: Pick<ApiDeps, 'db' | 'sealer'>,
  owner: Owner,
  use: 'runtime' | 'build',
  show: string,
): Promise<Values> {
  const tags = await requireOwnerTags(db, owner)
  const own = ownValues((await readOwnSecrets(db, owner, sealer)).values, use)
  if (show === 'this') return own
  const resolve = use === 'runtime' ? resolveRuntimeEnvironment : resolveBuildEnvironment
  const all = valuesOf(await resolve(db, { ...owner, tags }, sealer))
  return show === 'all'
    ? all
    : { variables: without(all.variables, own.variables), files: without(all.files, own.files) }
}

const valuesOf = ({ env, files }: ResolvedEnvironment): Values => ({
  variables: env,
  files: Object.fromEntries(
    files.map(({ path, contentBase64 }) => [path, { data: contentBase64, encoding: 'base64' }]),
  ),
})

const without = <T>(all: Record<string, T>, own: Record<string, T>): Record<string, T> =>
  Object.fromEntries(Object.entries(all).filter(([key]) => !(key in own)))

async function readDetails({ db, sealer }: Pick<ApiDeps, 'db' | 'sealer'>, owner: Owner) {
  const tags = await requireOwnerTags(db, owner)
  const { env, files, explained } = await resolveRuntimeEnvironment(db, { ...owner, tags }, sealer)
  const detail = (key: string, value: unknown) => {
    const { from, priority, overriding = [] } = explained[key] ?? {}
    const inherited = from === undefined || from === 'own' ? {} : { inheritedFrom: from, priority }
    return { value, ...inherited, overriding: overriding.map((inheritedFrom) => ({ inheritedFrom })) }
  }
  return {
    runtimeEnvironment: Object.fromEntries(
      Object.entries(env).map(([key, value]) => [key, detail(key, value)]),
    ),
    runtimeFiles: Object.fromEntries(
      files.map(({ path, contentBase64 }) => [path, { value: { data: contentBase64 }, overriding: [] }]),
    ),
  }
}

type ServiceParams = { projectId: string; serviceId: string }
type JobParams = { projectId: string; jobId: string }

const serviceOwner = ({ projectId, serviceId }: ServiceParams): Owner => ({
  projectId,
  kind: 'service',
  id: serviceId,
})

const jobOwner = ({ projectId, jobId }: JobParams): Owner => ({
  projectId,
  kind: 'job',
  id: jobId,
})

const runtimeAnswer = ({ variables, files }: Values) => ({
  runtimeEnvironment: variables,
  runtimeFiles: files,
})
const buildAnswer = ({ variables, files }: Values) => ({ buildArguments: variables, buildFiles: files })

type Change<P> = { params: P; body: unknown; actor: { id: string } }

async function setServiceValues({ params, body, actor }: Change<ServiceParams>, { db, sealer }: ApiDeps) {
  await transaction(db, (tx) => patchService(tx, { ...params, actor: actor.id }, body, sealer))
  return {}
}

async function setJobValues({ params, body, actor }: Change<JobParams>, { db, sealer }: ApiDeps) {
  await transaction(db, (tx) => patchJob(tx, { ...params, actor: actor.id }, body, sealer))
  return {}
}

const { serviceEnvironment: service, jobEnvironment: job } = contract

export const environmentRoutes: Route[] = [
  defineRoute(service.getRuntime, async ({ params, query }, deps) =>
    runtimeAnswer(await readValues(deps, serviceOwner(params), 'runtime', query.show)),
  ),
  defineRoute(service.getRuntimeDetails, ({ params }, deps) => readDetails(deps, serviceOwner(params))),
  defineRoute(service.getBuild, async ({ params, query }, deps) =>
    buildAnswer(await readValues(deps, serviceOwner(params), 'build', query.show)),
  ),
  defineRoute(service.setRuntime, setServiceValues),
  defineRoute(service.setBuild, setServiceValues),
  defineRoute(job.getRuntime, async ({ params, query }, deps) =>
    runtimeAnswer(await readValues(deps, jobOwner(params), 'runtime', query.show)),
  ),
  defineRoute(job.getRuntimeDetails, ({ params }, deps) => readDetails(deps, jobOwner(params))),
  defineRoute(job.getBuild, async ({ params, query }, deps) =>
    buildAnswer(await readValues(deps, jobOwner(params), 'build', query.show)),
  ),
  defineRoute(job.setRuntime, setJobValues),
  defineRoute(job.setBuild, setJobValues),
]
