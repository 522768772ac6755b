import { backupRequest } from '@fairway/contract/resources/addon'
import type { AddonView } from '@fairway/contract/routes/addons'
import {
  abortBackup,
  type BackupView,
  createBackup,
  deleteBackup,
  listBackups,
  restoreBackup,
  retainBackup,
} from '@fairway/contract/routes/backups'
import { Badge, Button, Group, Stack, Text, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { call } from '../../api/client.ts'
import { queryClient, readPage } from '../../api/queries.ts'
import { useAction } from '../../api/use-action.ts'
import { useMay } from '../../api/use-permission.ts'
import { Ago } from '../../ui/ago.tsx'
import { confirmByName } from '../../ui/confirm-by-name.tsx'
import { DataTable } from '../../ui/data-table.tsx'
import { DeleteButton } from '../../ui/delete-button.tsx'
import { DialogButton } from '../../ui/dialog-button.tsx'
import { Empty } from '../../ui/empty.tsx'
import { Loaded } from '../../ui/loaded.tsx'
import { Pages, usePages } from '../../ui/pages.tsx'
import { StatusBadge } from '../../ui/status-badge.tsx'
import type { AddonParams } from './addon-page.tsx'
import { BackupFields } from './backup-fields.tsx'

type BackupsTabProps = { params: AddonParams; addon: AddonView }

/** The backups of an addon; restoring one asks for the addon's name. */
export function BackupsTab({ params, addon }: BackupsTabProps) {
  const pages = usePages()
  const query = useQuery(readPage(listBackups, { params, query: pages.query as never }))
  const mayWrite = useMay('write')
  return (
    <Stack>
      {mayWrite && addon.status !== 'paused' && (
        <Group justify="flex-end">
          <BackUpNow params={params} />
        </Group>
      )}
      <Loaded query={query}>
        {({ data: { backups }, next }) =>
          backups.length === 0 ? (
            <Empty title="No backup yet">Make one now, on a schedule, or in a release.</Empty>
          ) : (
            <>
              <DataTable
                head={['Backup', 'State', 'Size', 'Taken', '']}
                minWidth={720}
                rows={backups.map((backup) => ({
                  key: backup.id,
                  cells: [
                    ...cellsOf(backup),
                    mayWrite && <Actions key="actions" params={params} addon={addon} backup={backup} />,
                  ],
                }))}
              />
              <Pages pages={pages} next={next} />
            </>
          )
        }
      </Loaded>
    </Stack>
  )
}

const cellsOf = (backup: BackupView) => [
  <div key="backup">
    {backup.name}{' '}
    {backup.retained && (
      <Badge variant="light" tt="none">
        kept
      </Badge>
    )}
    <Text size="xs" c="dimmed">
      {backup.error?.message ?? `${backup.config.source.type} · ${backup.trigger}`}
      {backup.expiresAt !== undefined && !backup.retained && (
        <>
          {' · goes '}
          <Ago at={backup.expiresAt} />
        </>
      )}
    </Text>
  </div>,
  <StatusBadge key="state" status={backup.status} />,
  sizeWords(Number(backup.config.size)),
  <Ago key="taken" at={backup.createdAt} />,
]

function BackUpNow({ params }: { params: AddonParams }) {
  return (
    <DialogButton
      label="Back up now"
      action="Back up"
      schema={backupRequest}
      initial={{}}
      fields={['name', 'backupType', 'compressionType', 'customDestinationId']}
      run={async (body) => {
        await call(createBackup, { params, body })
        await queryClient.invalidateQueries({ queryKey: ['projects', params.projectId, 'addons'] })
      }}
    >
      {({ value, set, problem }) => (
        <>
          <TextInput
            label="Name"
            description="Left empty: made of its kind and a number"
            data-autofocus
            value={value.name ?? ''}
            error={problem('name')}
            onChange={(event) => set({ name: event.currentTarget.value || undefined })}
          />
          <BackupFields value={value} set={set} problem={problem} />
        </>
      )}
    </DialogButton>
  )
}

type ActionsProps = BackupsTabProps & { backup: BackupView }

function Actions({ params, addon, backup }: ActionsProps) {
  const refresh = ['projects', params.projectId, 'addons', params.addonId]
  const one = { params: { ...params, backupId: backup.id } }
  const act = useAction({ run: (work: () => Promise<unknown>) => work(), refresh })
  const restore = useAction({
    run: () => call(restoreBackup, one),
    refresh,
    done: 'The restore was started. This page shows how far it is.',
  })
  if (backup.status === 'scheduled' || backup.status === 'in-progress') {
    return (
      <Button
        size="xs"
        variant="default"
        loading={act.isPending}
        aria-label={`Abort ${backup.name}`}
        onClick={() => act.mutate(() => call(abortBackup, one))}
      >
        Abort
      </Button>
    )
  }
  if (backup.status === 'aborting') return null
  const isGood = backup.status === 'completed'
  return (
    <Group gap="xs" wrap="nowrap" justify="flex-end">
      {isGood && (
        <Button
          size="xs"
          variant="default"
          loading={restore.isPending}
          disabled={addon.status === 'paused'}
          aria-label={`Restore ${backup.name}`}
          onClick={() => askRestore(addon, backup, () => restore.mutate())}
        >
          Restore
        </Button>
      )}
      {isGood && !backup.retained && backup.expiresAt !== undefined && (
        <Button
          size="xs"
          variant="default"
          loading={act.isPending}
          aria-label={`Keep ${backup.name} for ever`}
          onClick={() => act.mutate(() => call(retainBackup, one))}
        >
          Keep
        </Button>
      )}
      <DeleteButton
        kind="backup"
        name={backup.name}
        what="What it stored is gone for good, and nothing can be restored from it any more."
        run={() => call(deleteBackup, one)}
        refresh={refresh}
      />
    </Group>
  )
}

function askRestore(addon: AddonView, backup: BackupView, onConfirm: () => void): void {
  const taken = new Date(backup.createdAt).toLocaleString()
  confirmByName({
    title: `Restore ${backup.name}`,
    what: `${addon.name} goes back to how it was at ${taken}: what was written since then is not in it any more. The backup is written beside the data in use and read as a whole; only then it takes its place, and connections end for a moment. The data it replaces is kept until you remove it.`,
    name: addon.name,
    onConfirm,
  })
}

/** `1.5 MiB`; empty for nothing yet. */
function sizeWords(bytes: number): string {
  if (!(bytes > 0)) return ''
  const power = Math.min(3, Math.floor(Math.log2(bytes) / 10))
  return `${(bytes / 1024 ** power).toFixed(power === 0 ? 0 : 1)} ${['B', 'KiB', 'MiB', 'GiB'][power]}`
}
