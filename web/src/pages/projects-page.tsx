import { listProjects } from '@fairway/contract/routes/projects'
import { Card, Code, SimpleGrid, Stack, Text, Title } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { read } from '../api/queries.ts'
import { Empty } from '../ui/empty.tsx'
import { Loaded } from '../ui/loaded.tsx'

export function ProjectsPage() {
  const query = useQuery(read(listProjects))
  return (
    <Stack>
      <Title order={1} size="h2">
        Projects
      </Title>
      <Loaded query={query}>
        {({ projects }) =>
          projects.length === 0 ? (
            <Empty title="No project yet">
              <Code>fairway create project</Code> makes one.
            </Empty>
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
