import { listServiceDeployments, type PastDeployment } from '@fairway/contract/routes/service-actions'
import { Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { read } from '../../api/queries.ts'
import { Ago } from '../../ui/ago.tsx'
import type { Service, ServiceParams } from './service-page.tsx'

/** Why new versions are not deployed. */
export function CdReason({ params, service }: { params: ServiceParams; service: Service }) {
  const query = useQuery(read(listServiceDeployments, { params }))
  if (service.servicePaused) return <Text size="sm">It went off when the service was paused.</Text>
  const { pinned = false, buildId, buildSHA } = service.deployment?.follows ?? {}
  // The version that was named by hand; releases may have brought others since.
  const byHand = query.data?.deployments.find(
    ({ reason, internal }) =>
      pinned &&
      reason === 'deploy' &&
      (buildId === undefined ? internal?.buildSHA === buildSHA : internal?.buildId === buildId),
  )
  if (pinned && byHand === undefined) return <Text size="sm">It went off when one version was named.</Text>
  if (byHand === undefined) return <Text size="sm">It was turned off in the settings or by the API.</Text>
  return (
    <Text size="sm">
      It went off when {versionOf(byHand)} was deployed by hand
      {byHand.createdBy === null ? '' : ` by ${byHand.createdBy}`}, <Ago at={byHand.createdAt} />.
    </Text>
  )
}

const versionOf = ({ internal, external }: PastDeployment): string =>
  external?.imagePath ?? internal?.buildSHA?.slice(0, 7) ?? internal?.buildId ?? 'a version'
