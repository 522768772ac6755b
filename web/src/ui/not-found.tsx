import { Button, Group, Stack, Text, Title } from '@mantine/core'
import { Link, useLocation, useParams } from '@tanstack/react-router'

/** An address that no page has. */
export function NotFound() {
  return <Gone sentence="The address is wrong, or what it showed was deleted." />
}

/** Something that does not exist, or not any more, and the ways back. */
export function Gone({ sentence }: { sentence: string }) {
  const { projectId } = useParams({ strict: false }) as { projectId?: string }
  const { pathname } = useLocation()
  const project = projectId === undefined ? undefined : `/projects/${projectId}`
  return (
    <Stack align="center" p="xl" role="alert">
      <Title order={1} size="h3">
        There is nothing here
      </Title>
      <Text ta="center">{sentence}</Text>
      <Group justify="center">
        {project !== undefined && pathname !== project && (
          <Button component={Link} to={project}>
            To the project {projectId}
          </Button>
        )}
        <Button component={Link} to="/" variant="default">
          To the projects
        </Button>
      </Group>
    </Stack>
  )
}
