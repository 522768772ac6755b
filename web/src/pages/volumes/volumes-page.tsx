import { volumeBody } from '@fairway/contract/resources/volume'
import { getProject } from '@fairway/contract/routes/projects'
import { createVolume, listVolumes, type VolumeView } from '@fairway/contract/routes/volumes'
import { Anchor, NumberInput, Select, Text, TextInput } from '@mantine/core'
import { IconPlus } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { call } from '../../api/client.ts'
import { queryClient, read } from '../../api/queries.ts'
import { useMay } from '../../api/use-permission.ts'
import { WHOLE_LIST } from '../../api/whole-list.ts'
import { DataTable } from '../../ui/data-table.tsx'
import { DialogButton } from '../../ui/dialog-button.tsx'
import { Empty } from '../../ui/empty.tsx'
import { Loaded } from '../../ui/loaded.tsx'
import { NameField } from '../../ui/name-fields.tsx'
import { PageTitle } from '../../ui/page-title.tsx'
import { StatusBadge } from '../../ui/status-badge.tsx'
import type { BodyForm } from '../../ui/use-body.ts'
import { usePathParams } from '../path-params.ts'

/** The volumes of a project. */
export function VolumesPage() {
  const { projectId } = usePathParams('projectId')
  const query = useQuery(read(listVolumes, { params: { projectId }, query: WHOLE_LIST }))
  const mayWrite = useMay('write')
  return (
    <>
      <PageTitle title="Volumes">{mayWrite && <NewVolume projectId={projectId} />}</PageTitle>
      <Loaded query={query}>
        {(volumes) =>
          volumes.length === 0 ? (
            <Empty title="No volume yet">
              A volume keeps the files of a service over restarts and deployments. It is mounted into one
              service of one instance, and can be backed up.
            </Empty>
          ) : (
            <DataTable
              head={['Volume', 'State', 'Service', 'Mounted at', 'Size']}
              minWidth={640}
              rows={volumes.map((volume) => ({ key: volume.id, cells: cellsOf(projectId, volume) }))}
            />
          )
        }
      </Loaded>
    </>
  )
}

const cellsOf = (projectId: string, volume: VolumeView) => [
  <Anchor key="name" component={Link} to={`/projects/${projectId}/volumes/${volume.id}`} inherit>
    {volume.name}
  </Anchor>,
  <StatusBadge key="state" status={volume.status} />,
  volume.attachedObjects.map(({ id }) => id).join(', ') || 'none',
  volume.mounts.map(({ containerMountPath }) => containerMountPath).join(', '),
  sizeWords(volume),
]

/** `120 of 1024 MB` where the runtime can tell, else the size alone. Pure. */
export const sizeWords = ({ usedMb, spec: { storageSize } }: VolumeView): string =>
  usedMb === undefined ? `${storageSize} MB` : `${usedMb} of ${storageSize} MB`

const FIELDS = ['name', 'mounts.0.containerMountPath', 'spec.storageSize']

function NewVolume({ projectId }: { projectId: string }) {
  const navigate = useNavigate()
  return (
    <DialogButton
      label="New volume"
      icon={<IconPlus size={16} />}
      action="Create"
      schema={volumeBody}
      initial={{ name: '', mounts: [{ containerMountPath: '' }], spec: { storageSize: 1024 } }}
      fields={FIELDS}
      run={async (body) => {
        const { id } = await call(createVolume, { params: { projectId }, body })
        await queryClient.invalidateQueries({ queryKey: ['projects', projectId, 'volumes'] })
        await navigate({ to: `/projects/${projectId}/volumes/${id}` as never })
      }}
    >
      {(form) => <Fields projectId={projectId} form={form} />}
    </DialogButton>
  )
}

type FieldsProps = { projectId: string; form: BodyForm<typeof volumeBody> }

function Fields({ projectId, form: { value, set, problem } }: FieldsProps) {
  return (
    <>
      <NameField value={value} set={set} problem={problem} />
      <TextInput
        label="Mounted at"
        description="Where the service sees it, for instance /data"
        withAsterisk
        value={value.mounts[0]?.containerMountPath ?? ''}
        error={problem('mounts.0.containerMountPath')}
        onChange={(event) => set({ mounts: [{ containerMountPath: event.currentTarget.value }] })}
      />
      <NumberInput
        label="Size in MB"
        description="It can be made larger later, not smaller."
        min={256}
        step={256}
        value={value.spec.storageSize}
        error={problem('spec.storageSize')}
        onChange={(next) => set({ spec: { storageSize: Number(next) } })}
      />
      <ServiceField
        projectId={projectId}
        value={value.attachedObjects?.[0]?.id ?? null}
        onChange={(id) => set({ attachedObjects: id === null ? [] : [{ id, type: 'service' }] })}
      />
      <CopyOf
        projectId={projectId}
        value={value.source?.sourceId ?? null}
        onChange={(sourceId) => set({ source: sourceId === null ? undefined : { type: 'volume', sourceId } })}
      />
      <Text size="sm" c="dimmed">
        To copy a backup instead, open the volume it was made of.
      </Text>
    </>
  )
}

type PickProps = { projectId: string; value: string | null; onChange: (id: string | null) => void }

/** Picks the service that a volume is attached to. */
export function ServiceField({ projectId, value, onChange }: PickProps) {
  const { data } = useQuery(read(getProject, { params: { projectId } }))
  const services = (data?.services ?? []).filter(({ serviceType }) => serviceType !== 'build')
  return (
    <Select
      label="Service"
      description="It is deployed again with the volume."
      placeholder="attach it later"
      clearable
      clearButtonProps={{ 'aria-label': 'No service' }}
      data={services.map(({ id, name }) => ({ value: id, label: name }))}
      value={value}
      onChange={onChange}
    />
  )
}

function CopyOf({ projectId, value, onChange }: PickProps) {
  const { data } = useQuery(read(listVolumes, { params: { projectId }, query: WHOLE_LIST }))
  if (data === undefined || data.length === 0) return null
  return (
    <Select
      label="A copy of"
      placeholder="nothing: it begins empty"
      clearable
      clearButtonProps={{ 'aria-label': 'A copy of nothing' }}
      data={data.map(({ id, name }) => ({ value: id, label: name }))}
      value={value}
      onChange={onChange}
    />
  )
}
