import { type BackupView, createBackup, listBackups, restoreBackup } from '@fairway/contract/routes/backups'
import { Badge, Button, Group, Stack, Table, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { call } from '../../api/client.ts'
import { readPage } from '../../api/queries.ts'
import { useAction } from '../../api/use-action.ts'
import { Ago } from '../../ui/ago.tsx'
import { confirmByName } from '../../ui/confirm-by-name.tsx'
import { Empty } from '../../ui/empty.tsx'
import { Loaded } from '../../ui/loaded.tsx'
import { Pages, usePages } from '../../ui/pages.tsx'
import { StatusBadge } from '../../ui/status-badge.tsx'
import type { AddonParams } from './addon-page.tsx'

/** The backups of an addon; restoring one asks for the addon's name. */
export function BackupsTab({ params }: { params: AddonParams }) {
  const pages = usePages()
  const query = useQuery(readPage(listBackups, { params, query: pages.query as never }))
  const refresh = ['projects', params.projectId, 'addons', params.addonId]
  const backup = useAction({
    run: () => call(createBackup, { params, body: {} as never }),
    refresh,
    done: 'The backup was started.',
  })
  const restore = useAction({
    run: (backupId: string) => call(restoreBackup, { params: { ...params, backupId }, body: {} as never }),
    refresh,
    done: 'The restore was started: beside the data in use, which it replaces only when it has been verified.',
  })
  const askRestore = ({ id, name }: BackupView) =>
    confirmByName({
      title: `Restore ${name}`,
      what: 'The backup is restored beside the data in use, read as a whole, and then takes its place. What was written since the backup is not in it; the data it replaces is kept until you remove it.',
      name: params.addonId,
      onConfirm: () => restore.mutate(id),
    })
  return (
    <Stack>
      <Group justify="flex-end">
        <Button onClick={() => backup.mutate()} loading={backup.isPending}>
          Back up now
        </Button>
      </Group>
      <Loaded query={query}>
        {({ data: { backups }, next }) =>
          backups.length === 0 ? (
            <Empty title="No backup yet">Make one now, on a schedule, or in a release.</Empty>
          ) : (
            <>
              <BackupTable backups={backups} onRestore={askRestore} />
              <Pages pages={pages} next={next} />
            </>
          )
        }
      </Loaded>
    </Stack>
  )
}

function BackupTable({
  backups,
  onRestore,
}: {
  backups: readonly BackupView[]
  onRestore: (backup: BackupView) => void
}) {
  return (
    <Table.ScrollContainer minWidth={560}>
      <Table>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Backup</Table.Th>
            <Table.Th>State</Table.Th>
            <Table.Th>Size</Table.Th>
            <Table.Th>Taken</Table.Th>
            <Table.Th>
              <span className="mantine-visually-hidden">Actions</span>
            </Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {backups.map((backup) => (
            <Table.Tr key={backup.id}>
              <Table.Td>
                {backup.name}{' '}
                {backup.retained && (
                  <Badge variant="light" tt="none">
                    kept
                  </Badge>
                )}
                <Text size="xs" c="dimmed">
                  {backup.error?.message ?? `${backup.config.source.type} · ${backup.trigger}`}
                </Text>
              </Table.Td>
              <Table.Td>
                <StatusBadge status={backup.status} />
              </Table.Td>
              <Table.Td className="tabular">{sizeWords(Number(backup.config.size))}</Table.Td>
              <Table.Td>
                <Ago at={backup.createdAt} />
              </Table.Td>
              <Table.Td>
                {backup.status === 'completed' && (
                  <Button
                    size="xs"
                    variant="default"
                    onClick={() => onRestore(backup)}
                    aria-label={`Restore ${backup.name}`}
                  >
                    Restore
                  </Button>
                )}
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  )
}

/** `1.5 MiB`; empty for nothing yet. */
export function sizeWords(bytes: number): string {
  if (!(bytes > 0)) return ''
  const power = Math.min(3, Math.floor(Math.log2(bytes) / 10))
  return `${(bytes / 1024 ** power).toFixed(power === 0 ? 0 : 1)} ${['B', 'KiB', 'MiB', 'GiB'][power]}`
}
