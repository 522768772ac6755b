import { getProject } from '@fairway/contract/routes/projects'
import { listTriggers, type triggerView } from '@fairway/contract/routes/trigger-event'
import { Anchor, Card, Group, Select, Stack, Text, Title } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import type { z } from 'zod'
import { read, readPage } from '../../api/queries.ts'
import { Ago } from '../../ui/ago.tsx'
import { Empty } from '../../ui/empty.tsx'
import { Loaded } from '../../ui/loaded.tsx'
import { PageTitle } from '../../ui/page-title.tsx'
import { Pages, usePages } from '../../ui/pages.tsx'
import { StatusBadge } from '../../ui/status-badge.tsx'
import { usePathParams } from '../path-params.ts'
import { VerdictLine } from './verdict-line.tsx'
import { SOURCES, titleOf } from './words.ts'

type Trigger = z.output<typeof triggerView>
type Filter = { verdict: string | null; source: string | null; watcher: string | null }

const NO_FILTER: Filter = { verdict: null, source: null, watcher: null }

/** Everything that might have started something in a project, and why it did or did not. */
export function TriggersPage() {
  const { projectId } = usePathParams('projectId')
  const pages = usePages()
  const [filter, setFilter] = useState(NO_FILTER)
  const query = useQuery(
    readPage(listTriggers, {
      params: { projectId },
      query: { ...pages.query, ...queryOf(filter) } as never,
    }),
  )
  const isFiltered = Object.values(filter).some((part) => part !== null)
  return (
    <>
      <PageTitle
        title="Triggers"
        below={
          <Text size="sm" c="dimmed">
            What might have started something here, newest first, and why it did or did not.
          </Text>
        }
      />
      <Filters
        projectId={projectId}
        filter={filter}
        onChange={(change) => {
          pages.restart()
          setFilter({ ...filter, ...change })
        }}
      />
      <Loaded query={query}>
        {({ data: { triggers }, next }) =>
          triggers.length === 0 ? (
            <NoTriggers isFiltered={isFiltered} />
          ) : (
            <>
              <Stack>
                {triggers.map((trigger) => (
                  <TriggerCard key={trigger.id} projectId={projectId} trigger={trigger} />
                ))}
              </Stack>
              <Pages pages={pages} next={next} />
            </>
          )
        }
      </Loaded>
    </>
  )
}

function queryOf({ verdict, source, watcher }: Filter): Record<string, string> {
  const [kind, id] = watcher?.split('/') ?? []
  return {
    ...(verdict !== null && { verdict }),
    ...(source !== null && { source }),
    ...(kind !== undefined && id !== undefined && { [kind]: id }),
  }
}

function NoTriggers({ isFiltered }: { isFiltered: boolean }) {
  return isFiltered ? (
    <Empty title="Nothing of this kind">Choose other filters.</Empty>
  ) : (
    <Empty title="Nothing has happened yet">
      Each push, pull request, schedule and call is written down here with what it started, or the rule that
      decided against it. Pushes arrive once the git host knows the webhook of a{' '}
      <Anchor component={Link} to="/team/git-accounts" inherit underline="always">
        git account
      </Anchor>
      .
    </Empty>
  )
}

type FiltersProps = { projectId: string; filter: Filter; onChange: (change: Partial<Filter>) => void }

function Filters({ projectId, filter, onChange }: FiltersProps) {
  const { data } = useQuery(read(getProject, { params: { projectId } }))
  const optionsOf = (kind: string, resources: readonly { id: string; name: string }[] = []) =>
    resources.map(({ id, name }) => ({ value: `${kind}/${id}`, label: name }))
  return (
    <Group mb="md" gap="sm">
      <Select
        aria-label="Verdict"
        placeholder="Every verdict"
        clearable
        clearButtonProps={{ 'aria-label': 'Every verdict' }}
        data={[
          { value: 'started', label: 'Started something' },
          { value: 'refused', label: 'Decided against' },
        ]}
        value={filter.verdict}
        onChange={(verdict) => onChange({ verdict })}
      />
      <Select
        aria-label="Source"
        placeholder="Every source"
        clearable
        clearButtonProps={{ 'aria-label': 'Every source' }}
        data={Object.entries(SOURCES).map(([value, label]) => ({ value, label }))}
        value={filter.source}
        onChange={(source) => onChange({ source })}
      />
      <Select
        aria-label="Service or job"
        placeholder="Every service and job"
        clearable
        searchable
        clearButtonProps={{ 'aria-label': 'Every service and job' }}
        data={[
          { group: 'Services', items: optionsOf('service', data?.services) },
          { group: 'Jobs', items: optionsOf('job', data?.jobs) },
        ]}
        value={filter.watcher}
        onChange={(watcher) => onChange({ watcher })}
      />
    </Group>
  )
}

function TriggerCard({ projectId, trigger }: { projectId: string; trigger: Trigger }) {
  const { id, source, status, sentence, event, actor, replayOf, receivedAt, verdicts } = trigger
  const who = actor ?? event?.sender
  return (
    <Card withBorder component="article">
      <Stack gap="xs">
        <Group gap="xs" justify="space-between" align="flex-start">
          <Title order={2} size="h5">
            <Anchor component={Link} to={`/projects/${projectId}/triggers/${id}`} inherit>
              {titleOf(trigger)}
            </Anchor>
          </Title>
          <Group gap="xs">
            {status !== 'judged' && <StatusBadge status={status} />}
            <Text size="sm" c="dimmed" component="span">
              <Ago at={receivedAt} />
            </Text>
          </Group>
        </Group>
        <Text size="sm" c="dimmed">
          {[
            SOURCES[source],
            event?.repository?.name,
            event?.after?.slice(0, 10),
            who && `by ${who}`,
            replayOf !== null && 'judged again',
          ]
            .filter(Boolean)
            .join(' · ')}
        </Text>
        {event?.headCommit && (
          <Text size="sm" lineClamp={1}>
            {event.headCommit.message}
          </Text>
        )}
        {verdicts.map((verdict) => (
          <VerdictLine key={`${verdict.kind}/${verdict.id}`} verdict={verdict} />
        ))}
        {verdicts.length === 0 && sentence !== null && <Text size="sm">{sentence}</Text>}
      </Stack>
    </Card>
  )
}
