import type { BuildOrder, BuildOverrides } from '../../db/builds.ts'
import { openJson, type Sealer, sealJson } from '../../lib/seal.ts'

export type BuildValues = Required<
  Pick<BuildOverrides, 'buildArguments' | 'buildFiles' | 'dockerSecretMounts'>
>

const CONTEXT = 'build-values'

/** The values of one build may be secrets: they are kept sealed, and compared by a fingerprint. */
export function sealBuildValues(
  { buildArguments = {}, buildFiles = {}, dockerSecretMounts = {} }: BuildOverrides,
  sealer: Sealer,
): Pick<BuildOrder, 'values'> {
  const values: BuildValues = { buildArguments, buildFiles, dockerSecretMounts }
  const sorted = Object.values(values).map(sortedEntries)
  if (sorted.every((entries) => entries.length === 0)) return {}
  const fingerprint = sealer.fingerprint(JSON.stringify(sorted))
  return { values: { fingerprint, sealed: sealJson(sealer, values, CONTEXT).toString('base64') } }
}

const sortedEntries = (values: object): [string, unknown][] =>
  Object.entries(values).sort(([a], [b]) => (a < b ? -1 : 1))

export function openBuildValues({ values }: BuildOrder, sealer: Sealer): BuildValues {
  const none: BuildValues = { buildArguments: {}, buildFiles: {}, dockerSecretMounts: {} }
  if (values === undefined) return none
  return { ...none, ...openJson<Partial<BuildValues>>(sealer, Buffer.from(values.sealed, 'base64'), CONTEXT) }
}
