import { Anchor, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { readPage } from '../../api/queries.ts'
import { Ago } from '../../ui/ago.tsx'
import { DataTable } from '../../ui/data-table.tsx'
import { Empty } from '../../ui/empty.tsx'
import { Loaded } from '../../ui/loaded.tsx'
import { Pages, usePages } from '../../ui/pages.tsx'
import { StatusBadge } from '../../ui/status-badge.tsx'
import type { TemplatePlace } from './use-template-place.ts'

/** The runs of a template, newest first. */
export function TemplateRuns({ place, templateId }: { place: TemplatePlace; templateId: string }) {
  const { routes, projectId, at } = place
  const pages = usePages()
  const query = useQuery(
    readPage(routes.runs, { params: { projectId, templateId }, query: { ...pages.query } as never }),
  )
  return (
    <Loaded query={query}>
      {({ data: { runs }, next }) =>
        runs.length === 0 ? (
          <Empty title="No runs">A run appears here when the template is started.</Empty>
        ) : (
          <>
            <DataTable
              head={['Run', 'State', 'Version', 'Started', 'By']}
              rows={runs.map((run) => ({
                key: run.id,
                cells: [
                  <>
                    <Anchor component={Link} to={`${at}/${templateId}/runs/${run.id}`}>
                      {run.name ?? run.id.slice(0, 8)}
                    </Anchor>
                    {run.message !== undefined && (
                      <Text size="xs" c="dimmed" lineClamp={1}>
                        {run.message}
                      </Text>
                    )}
                  </>,
                  <StatusBadge key="state" status={run.status} />,
                  run.templateVersion,
                  <Ago key="at" at={run.startedAt ?? run.createdAt} />,
                  run.createdBy ?? run.trigger,
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
