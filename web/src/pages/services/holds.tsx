import { liftHold, listHolds } from '@fairway/contract/routes/release-flows'
import { Alert, Button, Group, Text } from '@mantine/core'
import { modals } from '@mantine/modals'
import { useQuery } from '@tanstack/react-query'
import { call } from '../../api/client.ts'
import { read } from '../../api/queries.ts'
import { useAction } from '../../api/use-action.ts'
import { WHOLE_LIST } from '../../api/whole-list.ts'
import { Ago } from '../../ui/ago.tsx'
import { Loaded } from '../../ui/loaded.tsx'
import type { ServiceParams } from './service-page.tsx'

/** Versions that were rolled back: nothing but a person deploys them again. */
export function Holds({ params: { projectId, serviceId } }: { params: ServiceParams }) {
  const query = useQuery(read(listHolds, { params: { projectId }, query: WHOLE_LIST }))
  const lift = useAction({
    run: (digest: string) =>
      call(liftHold, { params: { projectId, targetType: 'service', targetId: serviceId, digest } }),
    refresh: ['projects', projectId, 'holds'],
    done: 'The version may be deployed by itself again.',
  })
  const ask = (digest: string): void => {
    modals.openConfirmModal({
      title: 'Let this version be deployed again?',
      children: 'Builds and triggers may bring back the version that was rolled back.',
      labels: { confirm: 'Lift the hold', cancel: 'Cancel' },
      onConfirm: () => lift.mutate(digest),
    })
  }
  return (
    <Loaded query={query}>
      {({ holds }) =>
        holds
          .filter(({ targetType, targetId }) => targetType === 'service' && targetId === serviceId)
          .map(({ digest, reason, createdBy, createdAt }) => (
            <Alert key={digest} color="yellow" title="A version is held">
              <Text size="sm">
                {reason} No trigger deploys {shortOf(digest)} again
                {createdBy === null ? '' : `, held by ${createdBy}`} <Ago at={createdAt} />.
              </Text>
              <Group mt="xs">
                <Button size="xs" variant="default" loading={lift.isPending} onClick={() => ask(digest)}>
                  Lift the hold
                </Button>
              </Group>
            </Alert>
          ))
      }
    </Loaded>
  )
}

const shortOf = (digest: string): string => digest.replace(/^sha256:/, '').slice(0, 12)
