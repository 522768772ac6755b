import { volumeBackupBody, volumeBody } from '@fairway/contract/resources/volume'
import { listBackupDestinations } from '@fairway/contract/routes/backup-destinations'
import {
  createVolume,
  createVolumeBackup,
  deleteVolumeBackup,
  listVolumeBackups,
  type VolumeBackupView,
  type VolumeView,
} from '@fairway/contract/routes/volumes'
import { Group, Select, Text, TextInput } from '@mantine/core'
import { IconPlus } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { call } from '../../api/client.ts'
import { queryClient, read, readPage } from '../../api/queries.ts'
import { WHOLE_LIST } from '../../api/whole-list.ts'
import { Ago } from '../../ui/ago.tsx'
import { DataTable } from '../../ui/data-table.tsx'
import { DeleteButton } from '../../ui/delete-button.tsx'
import { DialogButton } from '../../ui/dialog-button.tsx'
import { Empty } from '../../ui/empty.tsx'
import { Loaded } from '../../ui/loaded.tsx'
import { DescriptionField, NameField } from '../../ui/name-fields.tsx'
import { Pages, usePages } from '../../ui/pages.tsx'
import { StatusBadge } from '../../ui/status-badge.tsx'

type Params = { projectId: string; volumeId: string }
type BackupsProps = { params: Params; volume: VolumeView; mayWrite: boolean }

/** The backups of a volume; each can become a new volume. */
export function VolumeBackupsTab({ params, volume, mayWrite }: BackupsProps) {
  const pages = usePages()
  const query = useQuery(readPage(listVolumeBackups, { params, query: pages.query as never }))
  return (
    <>
      {mayWrite && <NewBackup params={params} />}
      <Loaded query={query}>
        {({ data, next }) =>
          data.length === 0 ? (
            <Empty title="No backup yet">
              A backup is a copy of all files as they are at one moment. It outlives the volume.
            </Empty>
          ) : (
            <>
              <DataTable
                head={['Backup', 'State', 'Size', 'When', '']}
                minWidth={680}
                rows={data.map((backup) => ({
                  key: backup.id,
                  cells: [
                    backup.name,
                    <State key="state" backup={backup} />,
                    backup.sizeBytes === undefined ? '' : bytesWords(backup.sizeBytes),
                    <Ago key="when" at={backup.createdAt} />,
                    mayWrite && <Actions key="actions" params={params} volume={volume} backup={backup} />,
                  ],
                }))}
              />
              <Pages pages={pages} next={next} />
            </>
          )
        }
      </Loaded>
    </>
  )
}

/** Pure. */
const bytesWords = (bytes: number): string =>
  bytes < 1_000_000 ? `${Math.ceil(bytes / 1000)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`

function State({ backup: { status, error } }: { backup: VolumeBackupView }) {
  return (
    <>
      <StatusBadge status={status} />
      {error !== undefined && <Text size="xs">{error.message}</Text>}
    </>
  )
}

function NewBackup({ params }: { params: Params }) {
  const { data } = useQuery(read(listBackupDestinations, { query: WHOLE_LIST }))
  const places = (data?.backupDestinations ?? []).map(({ id, name }) => ({ value: id, label: name }))
  return (
    <DialogButton
      label="Back it up"
      icon={<IconPlus size={16} />}
      action="Start"
      schema={volumeBackupBody}
      initial={{ name: '' }}
      fields={['name', 'description']}
      run={async (body) => {
        await call(createVolumeBackup, { params, body })
        await queryClient.invalidateQueries({ queryKey: ['projects', params.projectId, 'volumes'] })
      }}
    >
      {({ value, set, problem }) => (
        <>
          <NameField value={value} set={set} problem={problem} />
          <DescriptionField value={value} set={set} problem={problem} />
          <Select
            label="Where it goes"
            placeholder="the data folder of Fairway"
            clearable
            clearButtonProps={{ 'aria-label': 'The data folder of Fairway' }}
            data={places}
            value={value.customDestinationId ?? null}
            onChange={(next) => set({ customDestinationId: next ?? undefined })}
          />
        </>
      )}
    </DialogButton>
  )
}

type ActionsProps = { params: Params; volume: VolumeView; backup: VolumeBackupView }

function Actions({ params, volume, backup }: ActionsProps) {
  const { projectId } = params
  const navigate = useNavigate()
  return (
    <Group gap="xs" wrap="nowrap" justify="flex-end">
      {backup.status === 'completed' && (
        <DialogButton
          label="Clone"
          title={`A new volume from ${backup.name}`}
          variant="default"
          size="xs"
          action="Create"
          schema={volumeBody}
          initial={{
            name: '',
            mounts: volume.mounts,
            spec: { storageSize: volume.spec.storageSize },
            source: { type: 'backup', sourceId: backup.id },
          }}
          fields={['name']}
          run={async (body) => {
            const { id } = await call(createVolume, { params: { projectId }, body })
            await queryClient.invalidateQueries({ queryKey: ['projects', projectId, 'volumes'] })
            await navigate({ to: `/projects/${projectId}/volumes/${id}` as never })
          }}
        >
          {({ value, set, problem }) => (
            <TextInput
              label="Name of the new volume"
              withAsterisk
              data-autofocus
              value={value.name}
              error={problem('name')}
              onChange={(event) => set({ name: event.currentTarget.value })}
            />
          )}
        </DialogButton>
      )}
      <DeleteButton
        kind="backup"
        name={backup.name}
        what="What it stored is gone for good. One that is under way is stopped."
        run={() => call(deleteVolumeBackup, { params: { ...params, backupId: backup.id } })}
        refresh={['projects', projectId, 'volumes']}
      />
    </Group>
  )
}
