import { jobEnvironment as contract } from '@fairway/contract/routes/environment'
import { transaction } from '../../db/db.ts'
import type { Owner } from '../../db/secrets.ts'
import { patchJob } from '../../operations/jobs/save.ts'
import type { ApiDeps } from '../deps.ts'
import { defineRoute, type Route } from '../route.ts'
import { buildAnswer, readDetails, readValues, runtimeAnswer } from './values.ts'

type Params = { projectId: string; jobId: string }

const ownerOf = ({ projectId, jobId }: Params): Owner => ({ projectId, kind: 'job', id: jobId })

type Change = { params: Params; body: unknown; actor: { id: string } }

async function setValues({ params, body, actor }: Change, { db, sealer }: ApiDeps) {
  await transaction(db, (tx) => patchJob(tx, { ...params, actor: actor.id }, body, sealer))
  return {}
}

export const jobEnvironmentRoutes: Route[] = [
  defineRoute(contract.getRuntime, async ({ params, query }, deps) =>
    runtimeAnswer(await readValues(deps, ownerOf(params), 'runtime', query.show)),
  ),
  defineRoute(contract.getRuntimeDetails, ({ params }, deps) => readDetails(deps, ownerOf(params))),
  defineRoute(contract.setRuntime, setValues),
  defineRoute(contract.getBuild, async ({ params, query }, deps) =>
    buildAnswer(await readValues(deps, ownerOf(params), 'build', query.show)),
  ),
  defineRoute(contract.setBuild, setValues),
]
