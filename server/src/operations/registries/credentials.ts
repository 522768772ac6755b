import { FairwayError } from '@fairway/contract/errors'
import type { Db } from '../../db/db.ts'
import { findRegistry, type RegistryRow } from '../../db/registries.ts'
import { parseImageReference } from '../../lib/image-reference.ts'
import { openJson, type Sealer, sealJson } from '../../lib/seal.ts'

export type Login = { username: string; password: string }

const contextOf = (id: string): string => `registry/${id}`

export const sealPassword = (sealer: Sealer, id: string, password: string): Buffer =>
  sealJson(sealer, { password }, contextOf(id))

/** The password in the clear. Announces it to the masker, also in the form in which it travels. */
export function openLogin(sealer: Sealer, { id, username, secret }: RegistryRow): Login {
  const { password } = openJson<{ password: string }>(sealer, secret, contextOf(id))
  sealer.announce(password)
  sealer.announce(Buffer.from(`${username}:${password}`, 'utf8').toString('base64'))
  return { username, password }
}

type Use = { projectId: string; imagePath: string }

/** Refuses a use that the credentials are not meant for: another registry, another project, push only. */
export function checkUse(row: RegistryRow, { projectId, imagePath }: Use): void {
  const refuse = (rule: string): never => {
    throw new FairwayError('invalid_request', `The credentials "${row.id}" ${rule}.`, {
      problems: [{ field: 'external.credentials', rule }],
    })
  }
  const registry = parseImageReference(imagePath).image?.registry
  if (registry !== undefined && registry !== row.host)
    refuse(`are for ${row.host}, and the image is on ${registry}. Choose others`)
  if (!row.scope.pull) refuse('may not pull. Change their scope, or choose others')
  if (row.restricted && !row.projects.includes(projectId))
    refuse(`are restricted to other projects. Add "${projectId}" to them, or choose others`)
}

/**
 * What a runtime pulls an image with. Undefined without credentials, and when they are gone or not meant for this any
 * more: the image may be here already, and the registry says so when it is not.
 */
export async function loginFor(
  db: Db,
  { credentials, ...use }: Use & { credentials?: string | undefined },
  sealer: Sealer,
): Promise<Login | undefined> {
  const row = credentials === undefined ? undefined : await findRegistry(db, credentials)
  return row !== undefined && isMeantFor(row, use) ? openLogin(sealer, row) : undefined
}

/** The logins of these saved credentials by host, for the base images of a project's builds. */
export async function loginsFor(
  db: Db,
  { projectId, credentials }: { projectId: string; credentials: readonly string[] },
  sealer: Sealer,
): Promise<Record<string, Login>> {
  const logins: Record<string, Login> = {}
  for (const id of credentials) {
    const row = await findRegistry(db, id)
    if (row === undefined || !isMeantFor(row, { projectId, imagePath: `${row.host}/base` })) continue
    logins[row.host] = openLogin(sealer, row)
  }
  return logins
}

function isMeantFor(row: RegistryRow, use: Use): boolean {
  try {
    checkUse(row, use)
    return true
  } catch (error) {
    if (error instanceof FairwayError) return false
    throw error
  }
}
