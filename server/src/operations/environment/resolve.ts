import { createHash } from 'node:crypto'
import { type AddonAddress, addonCredentials } from '@fairway/contract/addon-credentials'
import { FairwayError } from '@fairway/contract/errors'
import type { SecretValues } from '@fairway/contract/resources/secret-group'
import type { Db } from '../../db/db.ts'
import {
  listSecretGroups,
  readAddonConnections,
  readSecretVersion,
  type SecretGroupRow,
} from '../../db/secrets.ts'
import { openJson, type Sealer } from '../../lib/seal.ts'
import { openAddonSettings } from '../addons/settings.ts'
import { appliesTo, type Explained, mergeEnvironment, type Source } from './merge.ts'
import { secretPartsOf } from './secret-looking.ts'
import { type FileValue, readOwnSecrets } from './set-own.ts'

export type SecretVersions = { own: number; groups: Record<string, number> }

export type EnvironmentRequest = {
  projectId: string
  kind: 'service' | 'job'
  id: string
  tags: readonly string[]
  /** Bring back these versions instead of the newest: for rollbacks. */
  versions?: SecretVersions
}

export type ResolvedEnvironment = {
  env: Record<string, string>
  files: { path: string; contentBase64: string }[]
  /** Secret mounts by id, base64; for builds only. */
  mounts: Record<string, string>
  versions: SecretVersions
  /** Of all names, values and files: a changed value is a changed hash. */
  hash: string
  explained: Record<string, Explained>
}

/** What the resource's instances run with. Announces every secret value to the masker. */
export const resolveRuntimeEnvironment = (db: Db, request: EnvironmentRequest, sealer: Sealer) =>
  resolve(db, request, sealer, 'runtime')

/** What the resource's builds see: build arguments and build files. */
export const resolveBuildEnvironment = (db: Db, request: EnvironmentRequest, sealer: Sealer) =>
  resolve(db, request, sealer, 'build')

type Use = 'runtime' | 'build'

async function resolve(
  db: Db,
  request: EnvironmentRequest,
  sealer: Sealer,
  use: Use,
): Promise<ResolvedEnvironment> {
  const groups = (await listSecretGroups(db, request.projectId)).filter((group) =>
    inherits(group, request, use),
  )
  const sources: Source[] = []
  const versions: Record<string, number> = {}
  for (const group of groups) {
    const version = request.versions?.groups[group.id] ?? group.version
    versions[group.id] = version
    sources.push(await groupSource(db, { request, group, version, use }, sealer))
  }
  const own = await readOwnSecrets(db, request, sealer, request.versions?.own || undefined)
  const merged = mergeEnvironment(sources, { from: 'own', ...ownParts(own.values, use) })
  for (const [name, value] of Object.entries(merged.env)) {
    for (const part of secretPartsOf(name, value)) sealer.announce(part)
  }
  for (const data of Object.values(merged.mounts)) sealer.announce(textOf(data))
  const files = Object.entries(merged.files).map(([path, contentBase64]) => ({ path, contentBase64 }))
  return {
    env: merged.env,
    files,
    mounts: merged.mounts,
    versions: { own: own.version, groups: versions },
    hash: hashOf(merged.env, merged.files),
    explained: merged.explained,
  }
}

function inherits(group: SecretGroupRow, request: EnvironmentRequest, use: Use): boolean {
  const wanted = use === 'runtime' ? 'environment' : 'arguments'
  const scope = group.spec.secretType
  return (
    (scope === 'environment-arguments' || scope === wanted) && appliesTo(group.spec.restrictions, request)
  )
}

async function groupSource(
  db: Db,
  {
    request,
    group,
    version,
    use,
  }: { request: EnvironmentRequest; group: SecretGroupRow; version: number; use: Use },
  sealer: Sealer,
): Promise<Source> {
  const values = await readGroupValues(db, { projectId: request.projectId, id: group.id, version }, sealer)
  // Builds cannot reach private addons, as documented: no addon details in a build.
  const linked = use === 'runtime' ? await linkedAddonVariables(db, request.projectId, group, sealer) : {}
  if (group.spec.type === 'secret')
    for (const value of Object.values(values.variables)) sealer.announce(value)
  return {
    from: group.id,
    priority: group.spec.priority,
    variables: { ...linked, ...values.variables },
    files: filesOf(values.files),
    ...(use === 'build' && { mounts: filesOf(values.dockerSecretMounts ?? {}) }),
  }
}

/** The values of one version of a group. */
export async function readGroupValues(
  db: Db,
  { projectId, id, version }: { projectId: string; id: string; version: number },
  sealer: Sealer,
): Promise<SecretValues> {
  const sealed = await readSecretVersion(db, projectId, id, version)
  if (sealed === undefined) {
    throw new FairwayError(
      'not_found',
      `Version ${version} of secret group "${id}" is not kept any more. Set the values again.`,
    )
  }
  return openJson<SecretValues>(sealer, sealed, groupContext(projectId, id))
}

export const groupContext = (projectId: string, groupId: string): string => `group/${projectId}/${groupId}`

async function linkedAddonVariables(
  db: Db,
  projectId: string,
  group: SecretGroupRow,
  sealer: Sealer,
): Promise<Record<string, string>> {
  const dependencies = group.spec.addonDependencies
  const addons = await readAddonConnections(
    db,
    projectId,
    dependencies.map(({ addonId }) => addonId),
  )
  const variables: Record<string, string> = {}
  for (const { addonId, keys } of dependencies) {
    const addon = addons.find(({ id }) => id === addonId)
    if (addon === undefined) throw missingAddon(group.id, addonId, 'does not exist')
    if (addon.endpoint === null) throw missingAddon(group.id, addonId, 'has not started yet')
    const login = openAddonSettings(sealer, { projectId, addonId }, addon.settings)
    const { envs, secrets } = addonCredentials(addon.type, addon.endpoint as AddonAddress, login)
    for (const value of Object.values(secrets)) sealer.announce(value)
    Object.assign(variables, namedDetails(addonId, keys, { ...envs, ...secrets }))
  }
  return variables
}

const missingAddon = (groupId: string, addonId: string, what: string): FairwayError =>
  new FairwayError(
    'invalid_reference',
    `Secret group "${groupId}" links addon "${addonId}", which ${what}. Start the addon or remove the link.`,
  )

/** Without keys every detail is linked; a key without aliases is called NF_<ADDON>_<KEY>. */
function namedDetails(
  addonId: string,
  keys: readonly { keyName: string; aliases: readonly string[] }[],
  details: Readonly<Record<string, string>>,
): Record<string, string> {
  const prefix = `NF_${addonId.toUpperCase().replaceAll('-', '_')}_`
  const wanted =
    keys.length > 0 ? keys : Object.keys(details).map((keyName) => ({ keyName, aliases: [] as string[] }))
  return Object.fromEntries(
    wanted.flatMap(({ keyName, aliases }) => {
      const value = details[keyName]
      if (value === undefined) return []
      const names = aliases.length > 0 ? aliases : [`${prefix}${keyName}`]
      return names.map((name) => [name, value])
    }),
  )
}

function ownParts(values: Awaited<ReturnType<typeof readOwnSecrets>>['values'], use: Use) {
  return use === 'runtime'
    ? { variables: values.runtimeEnvironment, files: filesOf(values.runtimeFiles) }
    : {
        variables: values.buildArguments,
        files: filesOf(values.buildFiles),
        mounts: filesOf(values.dockerSecretMounts),
      }
}

const filesOf = (files: Readonly<Record<string, FileValue>>): Record<string, string> =>
  Object.fromEntries(Object.entries(files).map(([path, { data }]) => [path, data]))

const textOf = (contentBase64: string): string => Buffer.from(contentBase64, 'base64').toString('utf8').trim()

function hashOf(env: Record<string, string>, files: Record<string, string>): string {
  const sorted = (values: Record<string, string>) =>
    Object.entries(values).sort(([a], [b]) => (a < b ? -1 : 1))
  return createHash('sha256')
    .update(JSON.stringify([sorted(env), sorted(files)]))
    .digest('hex')
}
