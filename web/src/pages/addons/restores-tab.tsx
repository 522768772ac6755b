import { type AddonView, dropKept } from '@fairway/contract/routes/addons'
import { listRestores, type RestoreView } from '@fairway/contract/routes/backups'
import { Group, Stack, Text, Title } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { call } from '../../api/client.ts'
import { readPage } from '../../api/queries.ts'
import { useMay } from '../../api/use-permission.ts'
import { Ago } from '../../ui/ago.tsx'
import { DataTable } from '../../ui/data-table.tsx'
import { DeleteButton } from '../../ui/delete-button.tsx'
import { Empty } from '../../ui/empty.tsx'
import { Loaded } from '../../ui/loaded.tsx'
import { Pages, usePages } from '../../ui/pages.tsx'
import { StatusBadge } from '../../ui/status-badge.tsx'
import type { AddonParams } from './addon-page.tsx'
import { stepOf } from './restore-progress.tsx'

/** The restores of an addon, newest first, and the data that they replaced. */
export function RestoresTab({ params, addon }: { params: AddonParams; addon: AddonView }) {
  const pages = usePages()
  const query = useQuery(readPage(listRestores, { params, query: pages.query as never }))
  return (
    <Stack>
      <Kept params={params} addon={addon} />
      <Loaded query={query}>
        {({ data: { restores }, next }) =>
          restores.length === 0 ? (
            <Empty title="Nothing was restored yet">Choose a backup to restore, or do it in a release.</Empty>
          ) : (
            <>
              <DataTable
                head={['Restore of', 'State', 'What happened', 'Asked for']}
                rows={restores.map((restore) => ({ key: restore.id, cells: cellsOf(restore) }))}
              />
              <Pages pages={pages} next={next} />
            </>
          )
        }
      </Loaded>
    </Stack>
  )
}

const cellsOf = (restore: RestoreView) => [
  `backup ${restore.backupId.slice(0, 8)}`,
  <StatusBadge key="state" status={restore.status} />,
  outcomeOf(restore),
  <Ago key="when" at={restore.createdAt} />,
]

/** Pure. */
function outcomeOf(restore: RestoreView): string {
  if (restore.error !== undefined) return restore.error.message
  if (restore.completedAt === undefined) return stepOf(restore)
  if (restore.verified === undefined) return ''
  const { tables, rows } = restore.verified
  return `${tables} tables with ${rows} rows were read before it took over.`
}

/** Data that a restore replaced stays until someone removes it: the way back from a wrong restore. */
function Kept({ params, addon }: { params: AddonParams; addon: AddonView }) {
  const mayWrite = useMay('write')
  const { keptGenerations = [] } = addon
  if (keptGenerations.length === 0) return null
  return (
    <section aria-labelledby="kept-data">
      <Title order={2} size="h5" id="kept-data">
        Data from before a restore
      </Title>
      <Text size="sm" c="dimmed" mb="xs">
        It is kept and takes space until you remove it.
      </Text>
      <Stack gap="xs">
        {keptGenerations.map((generation) => (
          <Group key={generation}>
            <Text size="sm">Data {generation}</Text>
            {mayWrite && (
              <DeleteButton
                kind="kept data"
                name={`${addon.name} ${generation}`}
                what="The data that a restore replaced is gone for good. What the addon serves now stays."
                run={() => call(dropKept, { params: { ...params, generation } })}
                refresh={['projects', params.projectId, 'addons', params.addonId]}
                action="Remove"
              />
            )}
          </Group>
        ))}
      </Stack>
    </section>
  )
}
