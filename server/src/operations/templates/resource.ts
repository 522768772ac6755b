import type { ResourceKind } from '@fairway/contract/nodes/resources/kinds'
import type { Port } from '@fairway/contract/resources/ports'
import type { z } from 'zod'
import type { Db, Tx } from '../../db/db.ts'
import type { Sealer } from '../../lib/seal.ts'
import type { AddonOffer } from '../addons/offer.ts'
import type { FlowRules } from '../flows/flow-rules.ts'
import type { KnownImages } from '../registries/external-image.ts'
import type { Json } from './difference.ts'

/** `projectId` is empty for what belongs to the team. */
export type ResourceKey = { projectId: string; id: string }

/** Under which names the public reaches the ports of a service. */
export type PublicNames = (
  service: { projectId: string; serviceId: string },
  ports: readonly Port[],
) => readonly { port: string; hosts: readonly string[] }[]

export type ResourceDeps = {
  sealer: Sealer
  rules: FlowRules
  publicNames: PublicNames
}

/** What was looked up outside of the transaction that saves. */
export type Looked = { offers?: readonly AddonOffer[]; images?: KnownImages }

export type SaveParts = {
  key: ResourceKey
  actor: string
  body: Json
  /** What there is; undefined: it is made now. */
  current: Json | undefined
} & Looked

/**
 * One kind of resource, as templates see it: a body that is compared with what there is, and written when it differs.
 */
export type Resource = {
  kind: ResourceKind
  /** Checks a body, and fills in what it leaves out. Reading a body twice changes nothing. */
  schema: z.ZodType
  /** The spec of a node as a body of `schema`, before anything is filled in. */
  bodyOf(spec: Json): Json
  /** What there is, as a body, values of secrets as well; undefined: nothing. `conflict`: one of another kind. */
  read(db: Db, key: ResourceKey, sealer: Sealer): Promise<Json | undefined>
  /** Makes it, or makes it like this. */
  save(tx: Tx, parts: SaveParts, deps: ResourceDeps): Promise<void>
  /** What later steps read, besides id, name and project. */
  outputs?(body: Json, key: ResourceKey, deps: ResourceDeps): Json
  /** Paths that stay as they are when a document does not say anything about them, or leaves them empty. */
  keep: readonly string[]
  /** Paths that cannot be changed once the resource is there. */
  fixed: readonly string[]
  /** Paths that say something only while the resource is made. */
  once: readonly string[]
  /** Paths whose values are never shown. */
  secret: readonly string[]
}

/** Values that services and jobs hold themselves. */
export const OWN_VALUES = [
  'runtimeEnvironment',
  'runtimeFiles',
  'buildArguments',
  'buildFiles',
  'dockerSecretMounts',
] as const
