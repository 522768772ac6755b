import type { Owner } from '../../db/secrets.ts'
import { requireOwnerTags } from '../../operations/environment/require-owner.ts'
import {
  type ResolvedEnvironment,
  resolveBuildEnvironment,
  resolveRuntimeEnvironment,
} from '../../operations/environment/resolve.ts'
import { type FileValue, type OwnSecrets, readOwnSecrets } from '../../operations/environment/set-own.ts'
import type { ApiDeps } from '../deps.ts'

type Files = Record<string, FileValue>
/** Mounts are of builds only. */
type Values = { variables: Record<string, string>; files: Files; mounts: Files }

const ownValues = (own: OwnSecrets, use: 'runtime' | 'build'): Values =>
  use === 'runtime'
    ? { variables: own.runtimeEnvironment, files: own.runtimeFiles, mounts: {} }
    : { variables: own.buildArguments, files: own.buildFiles, mounts: own.dockerSecretMounts }

/** The values of an owner: its own, what secret groups give, or what both come to. */
export async function readValues(
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
    : {
        variables: without(all.variables, own.variables),
        files: without(all.files, own.files),
        mounts: without(all.mounts, own.mounts),
      }
}

const valuesOf = ({ env, files, mounts }: ResolvedEnvironment): Values => ({
  variables: env,
  files: filesOf(files.map(({ path, contentBase64 }) => [path, contentBase64])),
  mounts: filesOf(Object.entries(mounts)),
})

const filesOf = (all: [string, string][]): Files =>
  Object.fromEntries(all.map(([name, data]) => [name, { data, encoding: 'base64' }]))

const without = <T>(all: Record<string, T>, own: Record<string, T>): Record<string, T> =>
  Object.fromEntries(Object.entries(all).filter(([key]) => !(key in own)))

/** Each value with where it comes from. */
export async function readDetails({ db, sealer }: Pick<ApiDeps, 'db' | 'sealer'>, owner: Owner) {
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

export const runtimeAnswer = ({ variables, files }: Values) => ({
  runtimeEnvironment: variables,
  runtimeFiles: files,
})

export const buildAnswer = ({ variables, files, mounts }: Values) => ({
  buildArguments: variables,
  buildFiles: files,
  dockerSecretMounts: mounts,
})
