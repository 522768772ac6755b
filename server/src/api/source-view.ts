import type { ExternalSource, ImageFollow } from '@fairway/contract/resources/deployment'
import { providerOf } from '@fairway/contract/resources/registry'
import type { Db } from '../db/db.ts'
import { type DeployedSource, readRepository } from '../db/service-status.ts'
import { parseImageReference } from '../lib/image-reference.ts'
import { appIdOf } from './cluster.ts'

type Asked = {
  internal?:
    | { id?: string | undefined; branch?: string | undefined; buildSHA?: string | undefined }
    | undefined
  external?: ExternalSource | undefined
}

/** What is deployed, in the words of the request: `buildSHA` as asked for, `deployedSHA` as found. */
export async function sourceViewOf(
  db: Db,
  projectId: string,
  { asked, deployed, self }: { asked: Asked; deployed: DeployedSource | undefined; self: string },
) {
  const external = deployed?.external ?? (deployed?.internal ? undefined : asked.external)
  if (external !== undefined) return { external: imageView(external, asked.external?.follow) }
  const found = deployed?.internal
  const wanted = asked.internal
  if (found === undefined && wanted === undefined) return {}
  const owner = wanted?.id ?? found?.id ?? self
  return {
    internal: {
      appId: appIdOf(projectId, owner),
      nfObjectId: owner,
      nfObjectType: 'service' as const,
      repository: await readRepository(db, projectId, owner),
      branch: found?.branch ?? wanted?.branch ?? '',
      buildId: found?.buildId ?? '',
      buildSHA: wanted?.buildSHA ?? found?.buildSHA ?? 'latest',
      ...(found?.buildSHA && { deployedSHA: found.buildSHA }),
    },
  }
}

const imageView = (
  { imagePath, credentials }: NonNullable<Asked['external']>,
  follow: ImageFollow | undefined,
) => ({
  imagePath,
  registryProvider: providerOf(parseImageReference(imagePath).image?.registry ?? ''),
  privateImage: credentials !== undefined,
  ...(credentials !== undefined && { credentials }),
  ...(follow !== undefined && { follow }),
})
