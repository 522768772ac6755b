import type { BuildOrder, BuildOverrides } from '../../db/builds.ts'
import { openJson, type Sealer, sealJson } from '../../lib/seal.ts'

export type BuildValues = Required<Pick<BuildOverrides, 'buildArguments' | 'buildFiles'>>

const CONTEXT = 'build-values'

/** Build arguments and files of one build may be secrets: they are kept sealed, and compared by a fingerprint. */
export function sealBuildValues(
  { buildArguments = {}, buildFiles = {} }: BuildOverrides,
  sealer: Sealer,
): Pick<BuildOrder, 'values'> {
  if (Object.keys(buildArguments).length + Object.keys(buildFiles).length === 0) return {}
  const sorted = (values: object): [string, unknown][] =>
    Object.entries(values).sort(([a], [b]) => (a < b ? -1 : 1))
  const fingerprint = sealer.fingerprint(JSON.stringify([sorted(buildArguments), sorted(buildFiles)]))
  const values: BuildValues = { buildArguments, buildFiles }
  return { values: { fingerprint, sealed: sealJson(sealer, values, CONTEXT).toString('base64') } }
}

export function openBuildValues({ values }: BuildOrder, sealer: Sealer): BuildValues {
  if (values === undefined) return { buildArguments: {}, buildFiles: {} }
  return openJson(sealer, Buffer.from(values.sealed, 'base64'), CONTEXT)
}
