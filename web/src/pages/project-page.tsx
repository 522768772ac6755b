import { getProject } from '@fairway/contract/routes/projects'
import { Stack, Title } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useParams } from '@tanstack/react-router'
import { read } from '../api/queries.ts'
import { Loaded } from '../ui/loaded.tsx'

export function ProjectPage() {
  const { projectId } = useParams({ strict: false }) as { projectId: string }
  const query = useQuery(read(getProject, { params: { projectId } }))
  return (
    <Loaded query={query}>
      {({ name }) => (
        <Stack>
          <Title order={1} size="h2">
            {name}
          </Title>
        </Stack>
      )}
    </Loaded>
  )
}
