import { getGitAccount, listHostReports } from '@fairway/contract/routes/git-account'
import { listDeliveries, replayDelivery } from '@fairway/contract/routes/trigger-event'
import { Button, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { call } from '../../api/client.ts'
import { read, readPage } from '../../api/queries.ts'
import { useAction } from '../../api/use-action.ts'
import { useMay } from '../../api/use-permission.ts'
import { Ago } from '../../ui/ago.tsx'
import { DataTable } from '../../ui/data-table.tsx'
import { Empty } from '../../ui/empty.tsx'
import { Loaded } from '../../ui/loaded.tsx'
import { PageTabs } from '../../ui/page-tabs.tsx'
import { PageTitle } from '../../ui/page-title.tsx'
import { Pages, usePages } from '../../ui/pages.tsx'
import { StatusBadge } from '../../ui/status-badge.tsx'
import { usePathParams } from '../path-params.ts'
import { titleOf } from '../triggers/words.ts'

/** What came in by the webhook of an account, and what its host was told. */
export function GitAccountPage() {
  const params = usePathParams('accountId')
  const query = useQuery(read(getGitAccount, { params }))
  return (
    <Loaded query={query}>
      {({ name, host, baseUrl }) => (
        <>
          <PageTitle
            title={name}
            below={
              <Text size="sm" c="dimmed">
                {host} at {baseUrl}
              </Text>
            }
          />
          <PageTabs
            tabs={[
              { id: 'deliveries', label: 'Deliveries', content: () => <Deliveries params={params} /> },
              { id: 'reports', label: 'Reports', content: () => <Reports params={params} /> },
            ]}
          />
        </>
      )}
    </Loaded>
  )
}

type Params = { accountId: string }

function Deliveries({ params }: { params: Params }) {
  const pages = usePages()
  const mayWrite = useMay('write')
  const query = useQuery({
    ...readPage(listDeliveries, { params, query: pages.query as never }),
    refetchInterval: 5_000,
  })
  const replay = useAction({
    run: (triggerId: string) => call(replayDelivery, { params: { ...params, triggerId } }),
    refresh: ['integrations', 'vcs', params.accountId],
    done: 'It is judged again, for every project.',
  })
  return (
    <Loaded query={query}>
      {({ data: { triggers }, next }) =>
        triggers.length === 0 ? (
          <Empty title="Nothing has come in yet">
            Enter the address and the secret of the webhook at the git host, then push or let the host send a
            ping.
          </Empty>
        ) : (
          <>
            <DataTable
              head={['Delivery', 'State', 'What became of it', 'When', '']}
              minWidth={720}
              rows={triggers.map((one) => ({
                key: one.id,
                cells: [
                  titleOf({ ...one, verdicts: [] }),
                  <StatusBadge key="state" status={one.status} />,
                  one.sentence,
                  <Ago key="when" at={one.receivedAt} />,
                  mayWrite && one.event !== null && (
                    <Button
                      key="replay"
                      size="xs"
                      variant="default"
                      onClick={() => replay.mutate(one.id)}
                      loading={replay.isPending && replay.variables === one.id}
                    >
                      Replay
                    </Button>
                  ),
                ],
              }))}
            />
            <Pages pages={pages} next={next} />
          </>
        )
      }
    </Loaded>
  )
}

function Reports({ params }: { params: Params }) {
  const pages = usePages()
  const query = useQuery({
    ...readPage(listHostReports, { params, query: pages.query as never }),
    refetchInterval: 5_000,
  })
  return (
    <Loaded query={query}>
      {({ data: { reports }, next }) =>
        reports.length === 0 ? (
          <Empty title="The host was told nothing yet">
            States of commits and comments on pull requests are listed here, with what the host answered.
          </Empty>
        ) : (
          <>
            <DataTable
              head={['What', 'Said', 'State', 'When']}
              minWidth={720}
              rows={reports.map((report) => ({
                key: report.id,
                cells: [
                  report.kind === 'status'
                    ? `${report.context} of ${report.sha?.slice(0, 10)}`
                    : `comment on ${report.pullRequestId}`,
                  report.text,
                  <div key="state">
                    <StatusBadge status={report.status} />
                    {report.error !== null && <Text size="xs">{report.error}</Text>}
                  </div>,
                  <Ago key="when" at={report.updatedAt} />,
                ],
              }))}
            />
            <Pages pages={pages} next={next} />
          </>
        )
      }
    </Loaded>
  )
}
