import type { Db } from '../../db/db.ts'
import { type DeployedState, readBuildCommits, type TargetRef } from '../../db/stage-state.ts'

/** A version as people tell it: which build of which commit, or which image. */
export type Version = {
  digest: string | null
  buildId: string | null
  sha: string | null
  branch: string | null
  /** Of the commit. */
  message: string | null
  image: string | null
}

/** What a plan would change on one service or job. `from` null: nothing runs there yet. */
export type Change = {
  kind: TargetRef['kind']
  id: string
  from: Version | null
  to: Version | null
  /** What to know before it happens, for instance that the service is stopped first. */
  remark?: string
}

export type Plan = {
  changes: Change[]
  /** What happens, in order, in words. */
  steps: string[]
  warnings: string[]
  /** What nobody can take back afterwards. */
  irreversible: string[]
}

export const STOP_FIRST = 'It holds a volume, so it is stopped before the new version starts: some downtime.'

type Source = {
  internal?: { branch?: string; buildSHA?: string } | undefined
  external?: { imagePath?: string } | undefined
}

type Deployed = Pick<DeployedState, 'digest' | 'source' | 'buildId'>

/** Adds what is known of the commits; null for what never was deployed. */
export async function describeVersions(
  db: Db,
  projectId: string,
  states: readonly (Deployed | undefined)[],
): Promise<(Version | null)[]> {
  const buildIds = states.flatMap((state) => state?.buildId ?? [])
  const commits = await readBuildCommits(db, projectId, [...new Set(buildIds)])
  return states.map((state) => {
    if (state === undefined || state.digest === null) return null
    const { internal, external } = (state.source ?? {}) as Source
    const commit = state.buildId === null ? undefined : commits.get(state.buildId)
    return {
      digest: state.digest,
      buildId: state.buildId,
      sha: commit?.sha ?? internal?.buildSHA ?? null,
      branch: commit?.branch ?? internal?.branch ?? null,
      message: commit?.message ?? null,
      image: external?.imagePath ?? null,
    }
  })
}

/** A version in a sentence. */
export function nameOf(version: Version | null): string {
  if (version === null) return 'nothing'
  const { sha, message, image, buildId, branch, digest } = version
  if (image !== null) return image
  const short = sha?.slice(0, 12) ?? buildId ?? digest?.replace(/^sha256:/, '').slice(0, 12)
  const name = short ?? `the newest commit of ${branch ?? 'its branch'}`
  return message === null ? name : `${name} "${message.split('\n')[0]}"`
}
