import type { ServiceView } from '@fairway/contract/routes/services'
import type { ServiceRow } from '../../db/services.ts'
import { isPinned } from '../../operations/services/deploy-source.ts'

type Follows = NonNullable<ServiceView['deployment']>['follows']

/** What continuous deployment takes versions from, when it is on; undefined: there is nothing to follow. Pure. */
export function followsOf({ id: self, kind, spec }: Pick<ServiceRow, 'id' | 'kind' | 'spec'>): Follows {
  const { internal, external } = spec.deployment ?? {}
  if (kind === 'combined' || internal !== undefined) {
    const branch = spec.vcsData?.projectBranch ?? internal?.branch
    const pinned = isPinned(spec.deployment)
    const { buildId, buildSHA } = pinned ? (internal ?? {}) : {}
    return {
      builder: internal?.id ?? self,
      ...(branch !== undefined && { branch }),
      pinned,
      ...(buildId !== undefined && { buildId }),
      ...(buildSHA !== undefined && { buildSHA }),
    }
  }
  return external?.follow && { image: external.imagePath, ...external.follow, pinned: false }
}
