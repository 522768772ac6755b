import type { containerView } from '@fairway/contract/routes/service-actions'
import { getServiceContainers } from '@fairway/contract/routes/service-actions'
import type { serviceListItem } from '@fairway/contract/routes/services'
import { Alert, Anchor, List } from '@mantine/core'
import { useQueries } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { z } from 'zod'
import { read } from '../../api/queries.ts'

type Service = z.output<typeof serviceListItem>
type Container = z.output<typeof containerView>

/** What needs somebody: failed deployments, instances that fail their checks or keep restarting. */
export function Triage({ projectId, services }: { projectId: string; services: readonly Service[] }) {
  const running = services.filter(
    ({ serviceType, servicePaused }) => serviceType !== 'build' && !servicePaused,
  )
  const containers = useQueries({
    queries: running.map(({ id }) => read(getServiceContainers, { params: { projectId, serviceId: id } })),
  })
  const sentences = running.flatMap((service, index) =>
    complaintsOf(service, containers[index]?.data?.containers ?? []).map((sentence) => ({
      id: service.id,
      sentence,
    })),
  )
  if (sentences.length === 0) return null
  return (
    <Alert color="red" title="Needs attention" role="alert">
      <List size="sm">
        {sentences.map(({ id, sentence }) => (
          <List.Item key={`${id} ${sentence}`}>
            <Anchor component={Link} to={`/projects/${projectId}/services/${id}`} inherit underline="always">
              {id}
            </Anchor>
            : {sentence}
          </List.Item>
        ))}
      </List>
    </Alert>
  )
}

/** What is wrong with a service, in sentences; pure. */
function complaintsOf(service: Service, containers: readonly Container[]): string[] {
  const { deployment, build } = service.status
  const alive = containers.filter(({ status }) => status === 'TASK_RUNNING')
  const looping = alive.filter(({ crashLooping }) => crashLooping)
  const unready = alive.filter(({ ready, draining, crashLooping }) => !(ready || draining || crashLooping))
  return [
    ...(deployment?.status === 'FAILED' ? [deployment.message ?? 'its last deployment failed'] : []),
    ...(build?.status === 'FAILURE' ? ['its last build failed'] : []),
    ...(looping.length > 0 ? [`${counted(looping.length)} restarting again and again`] : []),
    ...(unready.length > 0 && deployment?.status === 'COMPLETED'
      ? [`${counted(unready.length)} not ready`]
      : []),
  ]
}

const counted = (count: number): string => (count === 1 ? 'one instance is' : `${count} instances are`)
