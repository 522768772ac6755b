import type { GitopsView } from '@fairway/contract/routes/gitops'
import { Alert, Button, Group, Stack, Text, Title } from '@mantine/core'
import { LineDiff } from './line-diff.tsx'
import { StatusBadge } from './status-badge.tsx'

type Doing = { mutate: () => void; isPending: boolean }
type GitopsPanelProps = { link: GitopsView; sync: Doing; takeGit: Doing; takeFairway: Doing }

/** The file that a document is kept the same as, and who wins when both were changed. */
export function GitopsPanel({ link, sync, takeGit, takeFairway }: GitopsPanelProps) {
  return (
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
      {link.sides !== null && <Conflict sides={link.sides} takeGit={takeGit} takeFairway={takeFairway} />}
    </Stack>
  )
}

type ConflictProps = Pick<GitopsPanelProps, 'takeGit' | 'takeFairway'> & {
  sides: NonNullable<GitopsView['sides']>
}

function Conflict({ sides: { git, fairway }, takeGit, takeFairway }: ConflictProps) {
  return (
    <>
      <Title order={2} size="h5">
        From the file in git to version {fairway.version} in Fairway
      </Title>
      {git.text === null ? (
        <Text size="sm">There is no such file.</Text>
      ) : (
        <LineDiff before={git.text} after={fairway.text} label="Git and Fairway compared" />
      )}
      <Group justify="flex-end">
        <Button variant="default" loading={takeGit.isPending} onClick={() => takeGit.mutate()}>
          Take git
        </Button>
        <Button variant="default" loading={takeFairway.isPending} onClick={() => takeFairway.mutate()}>
          Take Fairway
        </Button>
      </Group>
    </>
  )
}
