import { getTrigger, replayTrigger } from '@fairway/contract/routes/trigger-event'
import { Anchor, Button, Stack, Table, Text, Title } from '@mantine/core'
import { modals } from '@mantine/modals'
import { IconRepeat } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import type { z } from 'zod'
import { call } from '../../api/client.ts'
import { read } from '../../api/queries.ts'
import { useAction } from '../../api/use-action.ts'
import { useMay } from '../../api/use-permission.ts'
import { Ago } from '../../ui/ago.tsx'
import { Loaded } from '../../ui/loaded.tsx'
import { PageTitle } from '../../ui/page-title.tsx'
import { StatusBadge } from '../../ui/status-badge.tsx'
import { usePathParams } from '../path-params.ts'
import { VerdictLine } from './verdict-line.tsx'
import { SOURCES, titleOf } from './words.ts'

type Trigger = z.output<typeof getTrigger.reply>
type Params = { projectId: string; triggerId: string }

/** One event: what came in, and each verdict with the rule, file or commit that decided. */
export function TriggerPage() {
  const params = usePathParams('projectId', 'triggerId')
  const query = useQuery(read(getTrigger, { params }))
  return (
    <Loaded query={query}>
      {(trigger) => (
        <>
          <PageTitle
            title={titleOf(trigger)}
            below={
              <Text size="sm" c="dimmed" component="div">
                {SOURCES[trigger.source]}, <Ago at={trigger.receivedAt} />
              </Text>
            }
          >
            <Replay params={params} />
          </PageTitle>
          <Stack>
            <Verdicts trigger={trigger} />
            <Facts projectId={params.projectId} trigger={trigger} />
            <Commits trigger={trigger} />
            <Headers headers={trigger.headers} />
          </Stack>
        </>
      )}
    </Loaded>
  )
}

function Replay({ params }: { params: Params }) {
  const mayWrite = useMay('write')
  const navigate = useNavigate()
  const replay = useAction({
    run: () => call(replayTrigger, { params }),
    refresh: ['projects', params.projectId, 'triggers'],
    done: 'It is judged again. This is the new entry.',
    after: ({ id }) => void navigate({ to: `/projects/${params.projectId}/triggers/${id}` as never }),
  })
  if (!mayWrite) return null
  return (
    <Button
      variant="default"
      leftSection={<IconRepeat size={16} />}
      loading={replay.isPending}
      onClick={() =>
        modals.openConfirmModal({
          title: 'Judge this event again?',
          children: 'The rules of now decide, for this project only. It may start builds, runs and releases.',
          labels: { confirm: 'Replay', cancel: 'Cancel' },
          onConfirm: () => replay.mutate(),
        })
      }
    >
      Replay
    </Button>
  )
}

function Verdicts({ trigger: { status, sentence, verdicts } }: { trigger: Trigger }) {
  return (
    <Stack gap="xs" component="section">
      <Title order={2} size="h4">
        Verdicts
      </Title>
      {status !== 'judged' && (
        <div>
          <StatusBadge status={status} />
        </div>
      )}
      <Text size="sm">{sentence ?? 'It is being judged.'}</Text>
      {verdicts.map((verdict) => (
        <VerdictLine key={`${verdict.kind}/${verdict.id}`} verdict={verdict} full />
      ))}
    </Stack>
  )
}

function Facts({ projectId, trigger }: { projectId: string; trigger: Trigger }) {
  const { event, actor, replayOf, judgedAt, bodyBytes } = trigger
  const facts: [string, ReactNode][] = [
    ['Repository', event?.repository?.name],
    ['Branch', event?.branch],
    ['Commit', event?.after && <code>{event.after}</code>],
    ['Before', event?.before && <code>{event.before}</code>],
    ['Sender', event?.sender],
    ['Asked for by', actor],
    ['Called by the host', event?.name],
    [
      'Judged again from',
      replayOf && (
        <Anchor component={Link} to={`/projects/${projectId}/triggers/${replayOf}`} inherit>
          the first entry
        </Anchor>
      ),
    ],
    ['Judged', judgedAt && <Ago at={judgedAt} />],
    ['Size', bodyBytes > 0 ? `${bodyBytes} bytes` : undefined],
  ]
  return (
    <Stack gap="xs" component="section">
      <Title order={2} size="h4">
        What came in
      </Title>
      <Pairs pairs={facts.filter(([, value]) => value)} />
    </Stack>
  )
}

function Pairs({ pairs }: { pairs: [string, ReactNode][] }) {
  return (
    <Table variant="vertical" layout="auto">
      <Table.Tbody>
        {pairs.map(([name, value]) => (
          <Table.Tr key={name}>
            <Table.Th scope="row" w={160}>
              {name}
            </Table.Th>
            <Table.Td>{value}</Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  )
}

function Commits({ trigger: { event } }: { trigger: Trigger }) {
  if (event === null || event.commits.length === 0) return null
  return (
    <Stack gap="xs" component="section">
      <Title order={2} size="h4">
        Commits
      </Title>
      <Pairs pairs={event.commits.map(({ sha, message }) => [sha.slice(0, 10), message])} />
      {!event.commitsComplete && (
        <Text size="sm" c="dimmed">
          The host left some out of its list; the rules looked at the repository itself.
        </Text>
      )}
    </Stack>
  )
}

function Headers({ headers }: { headers: Record<string, string> }) {
  const pairs = Object.entries(headers)
  if (pairs.length === 0) return null
  return (
    <details>
      <summary>Headers</summary>
      <Pairs pairs={pairs} />
    </details>
  )
}
