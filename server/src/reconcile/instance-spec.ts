import type { Db } from '../db/db.ts'
import type { InstanceRow } from '../db/instances.ts'
import type { RevisionRow } from '../db/revisions.ts'
import { type DeployedSource, readRepository } from '../db/service-status.ts'
import type { ServiceRow } from '../db/services.ts'
import { resolveRuntimeEnvironment } from '../operations/environment/resolve.ts'
import { artifactRefOf } from './artifact-ref.ts'
import { publicHosts } from './public-hosts.ts'
import { runSettings } from './run-config.ts'
import type { InstanceSpec } from './runtime-port.ts'
import type { ServiceDeps } from './service-deps.ts'
import { runtimeIdOf } from './service-instance.ts'

type Starting = { service: ServiceRow; revision: RevisionRow; instance: Pick<InstanceRow, 'id' | 'attempt'> }

/** Everything the runtime has to know to start an attempt of an instance, with the values its revision was made with. */
export async function instanceSpec(
  deps: Pick<ServiceDeps, 'db' | 'sealer' | 'locate' | 'domain' | 'volumeVariables'>,
  { service, revision, instance }: Starting,
): Promise<InstanceSpec> {
  const { project_id: projectId, id: serviceId, tags } = service
  const { start, processType, limits, ports, volumes } = runSettings(revision)
  const environment = await resolveRuntimeEnvironment(
    deps.db,
    { projectId, kind: 'service', id: serviceId, tags, versions: revision.secret_versions },
    deps.sealer,
  )
  return {
    id: runtimeIdOf(instance),
    labels: { projectId, ownerKind: 'service', ownerId: serviceId, revision: revision.id },
    artifact: await artifactRefOf(deps, revision, 'runtime_failed'),
    ...start,
    processType,
    env: {
      ...(await injected(deps, service, revision)),
      ...deps.volumeVariables(volumes),
      ...environment.env,
    },
    files: environment.files,
    ports,
    limits,
    volumes: volumes.map(({ disk, path, folder }) => ({ name: disk, path, subPath: folder })),
    // Within its project a service is found by its own name.
    aliases: [serviceId],
  }
}

/** What every instance is told of itself. A variable of the same name wins over it. */
async function injected(
  { db, domain }: { db: Db; domain: string },
  service: ServiceRow,
  revision: RevisionRow,
): Promise<Record<string, string>> {
  const { project_id: projectId, id: serviceId, spec } = service
  const hosts = publicHosts({ projectId, serviceId }, spec.ports ?? [], domain)
  const { internal } = revision.source as DeployedSource
  return {
    NF_PROJECT_ID: projectId,
    NF_OBJECT_ID: serviceId,
    NF_HOSTS: [...new Set(hosts.flatMap((entry) => entry.hosts))].join(','),
    ...(internal && {
      NF_DEPLOYMENT_SHA: internal.buildSHA ?? '',
      NF_DEPLOYMENT_BRANCH: internal.branch,
      NF_DEPLOYMENT_REPO: await readRepository(db, internal.projectId ?? projectId, internal.id),
    }),
  }
}
