import { FairwayError, notFound } from '@fairway/contract/errors'
import { slugOf } from '@fairway/contract/names'
import type { SecretGroupBody, SecretValues } from '@fairway/contract/resources/secret-group'
import type { SecretGroupPatch } from '@fairway/contract/routes/secrets'
import type { Tx } from '../../db/db.ts'
import { recordEvent } from '../../db/events.ts'
import {
  deleteSecretGroup,
  findSecretGroup,
  insertSecretGroup,
  insertSecretVersion,
  type SecretGroupRow,
  updateSecretGroup,
} from '../../db/secrets.ts'
import { type Sealer, sealJson } from '../../lib/seal.ts'
import { groupContext, readGroupValues } from '../environment/resolve.ts'

type Caller = { projectId: string; actor: string }

const NO_VALUES: SecretValues = { variables: {}, files: {}, dockerSecretMounts: {} }

/** Creates a group with its first version of values. `name_taken` when there is one of this name. */
export async function createSecretGroup(
  tx: Tx,
  caller: Caller,
  body: SecretGroupBody,
  sealer: Sealer,
): Promise<SecretGroupRow> {
  const { projectId } = caller
  const id = slugOf(body.name)
  if ((await findSecretGroup(tx, projectId, id)) !== undefined) {
    throw new FairwayError(
      'name_taken',
      `There is a secret group "${id}" already. Choose another name or update it.`,
    )
  }
  const { name, description, secrets, ...spec } = body
  await insertSecretGroup(tx, projectId, { id, name, description, spec })
  await writeValues(tx, { projectId, id, version: 1 }, secrets ?? NO_VALUES, sealer)
  return saved(tx, caller, id, 'created')
}

/** Creates the group, or replaces everything about the one of this name. */
export async function putSecretGroup(
  tx: Tx,
  caller: Caller,
  body: SecretGroupBody,
  sealer: Sealer,
): Promise<SecretGroupRow> {
  const id = slugOf(body.name)
  if ((await findSecretGroup(tx, caller.projectId, id)) === undefined)
    return createSecretGroup(tx, caller, body, sealer)
  const { name: _, secrets, ...rest } = body
  return patchSecretGroup(tx, { ...caller, id }, { ...rest, ...(secrets && { secrets }) }, sealer)
}

/** Changes what is named. A change of values makes a new version; the old one is kept for rollbacks. */
export async function patchSecretGroup(
  tx: Tx,
  target: Caller & { id: string },
  patch: SecretGroupPatch,
  sealer: Sealer,
): Promise<SecretGroupRow> {
  const { projectId, id } = target
  const group = await findSecretGroup(tx, projectId, id)
  if (group === undefined) throw notFound('secret group', id)
  const { description, secrets, ...parts } = patch
  const version = await changeValues(tx, { projectId, group }, secrets, sealer)
  await updateSecretGroup(tx, projectId, id, {
    description: description ?? group.description,
    spec: { ...group.spec, ...defined(parts) },
    version,
  })
  return saved(tx, target, id, 'updated')
}

async function changeValues(
  tx: Tx,
  { projectId, group }: { projectId: string; group: SecretGroupRow },
  change: SecretGroupPatch['secrets'],
  sealer: Sealer,
): Promise<number> {
  if (change === undefined) return group.version
  const current = await readGroupValues(tx, { projectId, id: group.id, version: group.version }, sealer)
  const values = { ...current, ...defined(change) }
  if (JSON.stringify(values) === JSON.stringify(current)) return group.version
  const version = group.version + 1
  await writeValues(tx, { projectId, id: group.id, version }, values, sealer)
  return version
}

export async function removeSecretGroup(
  tx: Tx,
  { projectId, actor, id }: Caller & { id: string },
): Promise<void> {
  if ((await findSecretGroup(tx, projectId, id)) === undefined) throw notFound('secret group', id)
  await deleteSecretGroup(tx, projectId, id)
  await recordEvent(tx, {
    projectId,
    topic: 'audit',
    subject: `${projectId}/${id}`,
    type: 'secrets.delete',
    actor,
  })
}

async function writeValues(
  tx: Tx,
  { projectId, id, version }: { projectId: string; id: string; version: number },
  values: SecretValues,
  sealer: Sealer,
): Promise<void> {
  await insertSecretVersion(tx, projectId, id, {
    version,
    sealed: sealJson(sealer, values, groupContext(projectId, id)),
  })
}

async function saved(
  tx: Tx,
  { projectId, actor }: Caller,
  id: string,
  what: 'created' | 'updated',
): Promise<SecretGroupRow> {
  const group = await findSecretGroup(tx, projectId, id)
  if (group === undefined) throw notFound('secret group', id)
  const type = what === 'created' ? 'secrets.create' : 'secrets.update'
  await recordEvent(tx, { projectId, topic: 'audit', subject: `${projectId}/${id}`, type, actor })
  return group
}

const defined = <T extends object>(parts: T): { [K in keyof T]: Exclude<T[K], undefined> } =>
  Object.fromEntries(Object.entries(parts).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>
  }
