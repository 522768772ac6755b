import {
  attachVolume,
  deleteVolume,
  detachVolume,
  getVolume,
  patchVolume,
  type VolumeView,
} from '@fairway/contract/routes/volumes'
import { Alert, Anchor, Button, Group, NumberInput, Stack, Text } from '@mantine/core'
import { modals } from '@mantine/modals'
import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { call } from '../../api/client.ts'
import { read } from '../../api/queries.ts'
import { useAction } from '../../api/use-action.ts'
import { useMay } from '../../api/use-permission.ts'
import { DeleteButton } from '../../ui/delete-button.tsx'
import { Loaded } from '../../ui/loaded.tsx'
import { PageTabs } from '../../ui/page-tabs.tsx'
import { PageTitle } from '../../ui/page-title.tsx'
import { StatusBadge } from '../../ui/status-badge.tsx'
import { usePathParams } from '../path-params.ts'
import { VolumeBackupsTab } from './volume-backups-tab.tsx'
import { ServiceField, sizeWords } from './volumes-page.tsx'

type Params = { projectId: string; volumeId: string }

/** A volume: where it is mounted, its size and its backups. */
export function VolumePage() {
  const params = usePathParams('projectId', 'volumeId')
  const query = useQuery(read(getVolume, { params }))
  const mayWrite = useMay('write')
  const navigate = useNavigate()
  return (
    <Loaded query={query}>
      {(volume) => (
        <>
          <PageTitle
            title={volume.name}
            below={
              <Group gap="xs">
                <StatusBadge status={volume.status} />
                <Text size="sm" c="dimmed">
                  {sizeWords(volume)}, mounted at{' '}
                  {volume.mounts.map(({ containerMountPath }) => containerMountPath).join(', ')}
                </Text>
              </Group>
            }
          >
            {mayWrite && (
              <DeleteButton
                kind="volume"
                name={volume.name}
                what="Its files are gone at once, for good. Its backups stay. It is refused while a service has it."
                run={() => call(deleteVolume, { params })}
                refresh={['projects', params.projectId, 'volumes']}
                after={() => void navigate({ to: `/projects/${params.projectId}/volumes` as never })}
              />
            )}
          </PageTitle>
          {volume.statusMessage !== undefined && <Alert mb="md">{volume.statusMessage}</Alert>}
          <PageTabs
            tabs={[
              {
                id: 'use',
                label: 'Use',
                content: () => <Use params={params} volume={volume} mayWrite={mayWrite} />,
              },
              {
                id: 'backups',
                label: 'Backups',
                content: () => <VolumeBackupsTab params={params} volume={volume} mayWrite={mayWrite} />,
              },
            ]}
          />
        </>
      )}
    </Loaded>
  )
}

type UseProps = { params: Params; volume: VolumeView; mayWrite: boolean }

function Use({ params, volume, mayWrite }: UseProps) {
  const [service] = volume.attachedObjects
  return (
    <Stack maw={520}>
      {service === undefined ? (
        <Attach params={params} mayWrite={mayWrite} />
      ) : (
        <Attached params={params} serviceId={service.id} mayWrite={mayWrite} />
      )}
      {mayWrite && <Grow key={volume.spec.storageSize} params={params} size={volume.spec.storageSize} />}
    </Stack>
  )
}

function Attach({ params, mayWrite }: { params: Params; mayWrite: boolean }) {
  const [id, choose] = useState<string | null>(null)
  const attach = useAction({
    run: (serviceId: string) =>
      call(attachVolume, { params, body: { nfObject: { id: serviceId, type: 'service' } } }),
    refresh: ['projects', params.projectId],
    done: 'Attached. The service is deployed again with it.',
  })
  if (!mayWrite) return <Text size="sm">No service has it.</Text>
  return (
    <Group align="flex-end">
      <ServiceField projectId={params.projectId} value={id} onChange={choose} />
      <Button
        disabled={id === null}
        loading={attach.isPending}
        onClick={() => id !== null && attach.mutate(id)}
      >
        Attach
      </Button>
    </Group>
  )
}

type AttachedProps = { params: Params; serviceId: string; mayWrite: boolean }

function Attached({ params, serviceId, mayWrite }: AttachedProps) {
  const detach = useAction({
    run: () => call(detachVolume, { params, body: { nfObject: { id: serviceId, type: 'service' } } }),
    refresh: ['projects', params.projectId],
    done: 'Detached. The service is deployed again without it.',
  })
  return (
    <Group>
      <Text size="sm">
        Attached to{' '}
        <Anchor
          component={Link}
          to={`/projects/${params.projectId}/services/${serviceId}`}
          inherit
          underline="always"
        >
          {serviceId}
        </Anchor>
      </Text>
      {mayWrite && (
        <Button
          size="xs"
          variant="default"
          loading={detach.isPending}
          onClick={() =>
            modals.openConfirmModal({
              title: `Detach it from ${serviceId}?`,
              children: 'The service is deployed again without it. The files stay in the volume.',
              labels: { confirm: 'Detach', cancel: 'Cancel' },
              onConfirm: () => detach.mutate(),
            })
          }
        >
          Detach
        </Button>
      )}
    </Group>
  )
}

function Grow({ params, size }: { params: Params; size: number }) {
  const [next, setNext] = useState<number>(size)
  const grow = useAction({
    run: (storageSize: number) => call(patchVolume, { params, body: { spec: { storageSize } } }),
    refresh: ['projects', params.projectId, 'volumes'],
    done: 'It is made larger.',
  })
  return (
    <Group align="flex-end">
      <NumberInput
        label="Size in MB"
        description="Larger only."
        min={size}
        step={256}
        value={next}
        onChange={(value) => setNext(Number(value))}
      />
      <Button
        variant="default"
        disabled={next <= size}
        loading={grow.isPending}
        onClick={() => grow.mutate(next)}
      >
        Make larger
      </Button>
    </Group>
  )
}
