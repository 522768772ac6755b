import { type Tx, transaction } from '../db/db.ts'
import { type KnownImages, withImages } from '../operations/registries/external-image.ts'
import type { ApiDeps } from './deps.ts'

type Deps = Pick<ApiDeps, 'db' | 'sealer' | 'resolveImage'>

/** A transaction that may deploy images: registries are asked for them outside of it, never inside. */
export const deploying = <T>(
  deps: Deps,
  signal: AbortSignal,
  work: (tx: Tx, images: KnownImages) => Promise<T>,
): Promise<T> => withImages(deps, (images) => transaction(deps.db, (tx) => work(tx, images)), signal)
