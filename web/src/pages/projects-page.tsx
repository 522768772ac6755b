import { listProjects } from '@fairway/contract/routes/projects'
import { Card, Code, SimpleGrid, Stack, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { read } from '../api/queries.ts'
import { useMay } from '../api/use-permission.ts'
import { WHOLE_LIST } from '../api/whole-list.ts'
import { Empty } from '../ui/empty.tsx'
import { Loaded } from '../ui/loaded.tsx'
import { PageTitle } from '../ui/page-title.tsx'
import { FirstStepsOfTeam } from './first-steps/first-steps-panel.tsx'
import { NewProject } from './project/new-project.tsx'

export function ProjectsPage() {
  const query = useQuery(read(listProjects, { query: WHOLE_LIST }))
  const mayWrite = useMay('write')
  return (
    <Stack>
      <PageTitle title="Projects">{mayWrite && <NewProject />}</PageTitle>
      <Loaded query={query}>
        {({ projects }) =>
          projects.length === 0 ? (
            <>
              <Empty title="No project yet">
                {mayWrite
                  ? 'A project holds the services, jobs and addons that are released together. Make one above, or with '
                  : 'Your token may only read. With one that may write, make a project here or with '}
                <Code>fairway create project</Code>.
              </Empty>
              <FirstStepsOfTeam />
            </>
          ) : (
            <SimpleGrid cols={{ base: 1, sm: 2, lg: 3 }}>
              {projects.map(({ id, name, description }) => (
                <Card key={id} withBorder component={Link} to={`/projects/${id}`}>
                  <Text fw={650}>{name}</Text>
                  <Text size="sm" c="dimmed">
                    {description || id}
                  </Text>
                </Card>
              ))}
            </SimpleGrid>
          )
        }
      </Loaded>
    </Stack>
  )
}
