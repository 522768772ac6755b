import { abortRestore, listRestores, type RestoreView } from '@fairway/contract/routes/backups'
import { Alert, Button, Group, Loader, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { call } from '../../api/client.ts'
import { readPage } from '../../api/queries.ts'
import { useAction } from '../../api/use-action.ts'
import { useMay } from '../../api/use-permission.ts'
import { Ago } from '../../ui/ago.tsx'
import type { AddonParams } from './addon-page.tsx'

const UNDER_WAY: readonly RestoreView['status'][] = ['scheduled', 'in-progress', 'aborting']

/** What a restore under way does now. Pure. */
export function stepOf({ status, verified }: Pick<RestoreView, 'status' | 'verified'>): string {
  if (status === 'scheduled') return 'It waits for its turn.'
  if (status === 'aborting') return 'It is being aborted; the data in use stays.'
  if (verified === undefined)
    return 'The backup is written beside the data in use, then read as a whole. The addon serves meanwhile.'
  return `Verified: ${verified.tables} tables, ${verified.rows} rows. It takes the place of the data in use now.`
}

/** The restore that is under way, wherever one is on the page. */
export function RestoreProgress({ params }: { params: AddonParams }) {
  const query = useQuery(readPage(listRestores, { params, query: {} as never }))
  const [restore] = (query.data?.data.restores ?? []).filter(({ status }) => UNDER_WAY.includes(status))
  const mayWrite = useMay('write')
  const abort = useAction({
    run: (restoreId: string) => call(abortRestore, { params: { ...params, restoreId } }),
    refresh: ['projects', params.projectId, 'addons', params.addonId],
  })
  if (restore === undefined) return null
  const mayAbort = mayWrite && restore.status !== 'aborting'
  return (
    <Alert role="status" color="blue" mb="md" title="A restore is under way" icon={<Loader size={18} />}>
      <Text size="sm">{stepOf(restore)}</Text>
      <Group mt={4} gap="sm">
        <Text size="sm">
          Asked for <Ago at={restore.createdAt} />
        </Text>
        {mayAbort && (
          <Button
            size="xs"
            variant="default"
            loading={abort.isPending}
            onClick={() => abort.mutate(restore.id)}
          >
            Abort the restore
          </Button>
        )}
      </Group>
    </Alert>
  )
}
