import { type SecretGroupBody, secretGroupBody } from '@fairway/contract/resources/secret-group'
import { findSecretGroup } from '../../../db/secrets.ts'
import { readGroupValues } from '../../environment/resolve.ts'
import { requireOpenProject } from '../../projects/require.ts'
import { putSecretGroup } from '../../secrets/save.ts'
import type { Resource } from '../resource.ts'

const VALUES = ['secrets.variables', 'secrets.files', 'secrets.dockerSecretMounts']

/** Documents are seldom the place of values: those that they leave empty stay as people set them. */
export const secretGroupResource: Resource = {
  kind: 'SecretGroup',
  schema: secretGroupBody,
  bodyOf: (spec) => spec,
  async read(db, { projectId, id }, sealer) {
    const row = await findSecretGroup(db, projectId, id)
    if (row === undefined) return undefined
    const { name, description, spec, version } = row
    return {
      ...spec,
      name,
      description,
      secrets: await readGroupValues(db, { projectId, id, version }, sealer),
    }
  },
  async save(tx, { key: { projectId }, actor, body }, { sealer }) {
    await requireOpenProject(tx, projectId)
    await putSecretGroup(tx, { projectId, actor }, body as SecretGroupBody, sealer)
  },
  keep: VALUES,
  fixed: [],
  once: [],
  secret: VALUES,
}
