import { Alert, Button, Code, Grid, Group, Stack, Text, Title } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { ApiError } from '../../api/api-error.ts'
import { call } from '../../api/client.ts'
import { read } from '../../api/queries.ts'
import { useAction } from '../../api/use-action.ts'
import { Empty } from '../../ui/empty.tsx'
import { Loaded } from '../../ui/loaded.tsx'
import { StatusBadge } from '../../ui/status-badge.tsx'
import type { TemplatePlace } from './use-template-place.ts'

type TemplateGitProps = { place: TemplatePlace; templateId: string }

/** The file that the template is kept the same as, and who wins when both were changed. */
export function TemplateGit({ place, templateId }: TemplateGitProps) {
  const { routes, projectId, key } = place
  const params = { projectId, templateId }
  const query = useQuery({ ...read(routes.gitops, { params }), retry: false, refetchInterval: 5_000 })
  const refresh = [...key, templateId]
  const commit = query.data?.lastCommitSeen
  const body = commit == null ? {} : { commit }
  const sync = useAction({
    run: () => call(routes.sync, { params }),
    refresh,
    done: 'The file is being looked at.',
  })
  const takeGit = useAction({ run: () => call(routes.takeGit, { params, body }), refresh })
  const takeFairway = useAction({ run: () => call(routes.takeFairway, { params, body }), refresh })
  if (query.error instanceof ApiError && query.error.status === 404)
    return (
      <Empty title="Not in git">
        Save the document with the field <Code>gitops</Code> (repoUrl, branch, filePath), and it is kept the
        same as that file.
      </Empty>
    )
  return (
    <Loaded query={query}>
      {(link) => (
        <Stack>
          <Group justify="space-between">
            <Group gap="xs">
              <StatusBadge status={link.state} />
              <Text size="sm" style={{ overflowWrap: 'anywhere' }}>
                {link.filePath} of {link.branch} in {link.repoUrl}
              </Text>
            </Group>
            <Button variant="default" loading={sync.isPending} onClick={() => sync.mutate()}>
              Look now
            </Button>
          </Group>
          {link.message !== null && (
            <Alert color="red" role="alert">
              {link.line === null ? '' : `Line ${link.line}: `}
              {link.message}
            </Alert>
          )}
          {link.sides !== null && (
            <>
              <Grid>
                <Side title="In git" text={link.sides.git.text} />
                <Side
                  title={`In Fairway, version ${link.sides.fairway.version}`}
                  text={link.sides.fairway.text}
                />
              </Grid>
              <Group justify="flex-end">
                <Button variant="default" loading={takeGit.isPending} onClick={() => takeGit.mutate()}>
                  Take git
                </Button>
                <Button
                  variant="default"
                  loading={takeFairway.isPending}
                  onClick={() => takeFairway.mutate()}
                >
                  Take Fairway
                </Button>
              </Group>
            </>
          )}
        </Stack>
      )}
    </Loaded>
  )
}

const Side = ({ title, text }: { title: string; text: string | null }) => (
  <Grid.Col span={{ base: 12, md: 6 }}>
    <Title order={2} size="h5" mb={4}>
      {title}
    </Title>
    <Code block tabIndex={0} style={{ maxHeight: 420, overflow: 'auto' }}>
      {text ?? 'There is no such file.'}
    </Code>
  </Grid.Col>
)
