import { Anchor, Button, Text } from '@mantine/core'
import { IconPlus } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { readPage } from '../../api/queries.ts'
import { Ago } from '../../ui/ago.tsx'
import { DataTable } from '../../ui/data-table.tsx'
import { Empty } from '../../ui/empty.tsx'
import { Loaded } from '../../ui/loaded.tsx'
import { PageTitle } from '../../ui/page-title.tsx'
import { Pages, usePages } from '../../ui/pages.tsx'
import { useTemplatePlace } from './use-template-place.ts'

/** The templates of the team, or of a project. */
export function TemplatesPage() {
  const { routes, projectId, at, isTeam } = useTemplatePlace()
  const pages = usePages()
  const query = useQuery(readPage(routes.list, { params: { projectId }, query: pages.query as never }))
  return (
    <>
      <PageTitle title={isTeam ? 'Templates of the team' : 'Templates'}>
        <Button component={Link} to={`${at}/new`} leftSection={<IconPlus size={16} />}>
          New template
        </Button>
      </PageTitle>
      <Loaded query={query}>
        {({ data: { templates }, next }) =>
          templates.length === 0 ? (
            <Empty title="No templates">
              A template is a document that makes services, jobs, addons, secret groups and pipelines, and
              brings them back to what it says each time it runs.
            </Empty>
          ) : (
            <>
              <DataTable
                head={['Template', 'Version', 'Changed']}
                rows={templates.map(({ id, name, description, version, updatedAt }) => ({
                  key: id,
                  cells: [
                    <>
                      <Anchor component={Link} to={`${at}/${id}`}>
                        {name}
                      </Anchor>
                      {description !== '' && (
                        <Text size="xs" c="dimmed" lineClamp={1}>
                          {description}
                        </Text>
                      )}
                    </>,
                    version === null ? 'only drafts' : String(version),
                    <Ago key="at" at={updatedAt} />,
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
