import { Button, Stack, Text, Title } from '@mantine/core'
import { Link } from '@tanstack/react-router'

export function NotFound() {
  return (
    <Stack align="center" p="xl">
      <Title order={1} size="h3">
        There is nothing here
      </Title>
      <Text>The address is wrong, or what it showed was deleted.</Text>
      <Button component={Link} to="/">
        To the projects
      </Button>
    </Stack>
  )
}
