import { serviceBuilds } from '@fairway/contract/routes/builds'
import { Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { read } from '../api/queries.ts'
import { Ago } from './ago.tsx'
import { Version } from './version.tsx'

export type DeployedSource = {
  internal?:
    | {
        nfObjectId: string
        nfObjectType: 'service' | 'job'
        branch: string
        buildId: string
        deployedSHA?: string | undefined
      }
    | undefined
  external?: { imagePath: string } | undefined
}

/** What runs: commit, message and age of a build, or the image. */
export function Deployed({ projectId, source }: { projectId: string; source: DeployedSource }) {
  const { internal, external } = source
  const build = useQuery({
    ...read(serviceBuilds.get, {
      params: { projectId, serviceId: internal?.nfObjectId ?? '', buildId: internal?.buildId ?? '' },
    }),
    enabled: internal?.nfObjectType === 'service' && internal.buildId !== '' && internal.buildId !== 'latest',
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
  })
  if (external !== undefined) return <Version version={{ image: external.imagePath }} />
  if (internal === undefined || internal.deployedSHA === undefined) {
    return (
      <Text size="xs" c="dimmed">
        nothing deployed yet
      </Text>
    )
  }
  return (
    <div>
      <Version
        version={{ sha: internal.deployedSHA, branch: internal.branch, message: build.data?.message }}
      />
      {build.data !== undefined && (
        <Text size="xs" c="dimmed">
          built <Ago at={build.data.createdAt} />
        </Text>
      )}
    </div>
  )
}
