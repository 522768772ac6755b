import type { Stage } from '@fairway/contract/resources/pipeline'
import { getReleaseFlow } from '@fairway/contract/routes/release-flows'
import { listRuns } from '@fairway/contract/routes/release-runs'
import { Anchor, Button, Group, Paper, Skeleton, Stack, Text, Title } from '@mantine/core'
import { IconPlayerPlay } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { read, readIfAny } from '../../api/queries.ts'
import { useMay } from '../../api/use-permission.ts'
import { Ago } from '../../ui/ago.tsx'
import { StatusBadge } from '../../ui/status-badge.tsx'
import { RunDialog } from '../runs/run-dialog.tsx'
import type { Member } from './board-page.tsx'
import { broughtBy } from './brought-by.ts'
import { MemberCard } from './member-card.tsx'
import { PauseSwitch } from './pause-switch.tsx'
import { Unreadable } from './unreadable.tsx'

type StageColumnProps = { params: { projectId: string; pipelineId: string }; stage: Stage; members: Member[] }

/** One stage: its release flow, its last run, and what it holds. */
export function StageColumn({ params, stage, members }: StageColumnProps) {
  const at = `/projects/${params.projectId}/pipelines/${params.pipelineId}/${stage.toLowerCase()}`
  const inStage = { ...params, stage }
  const flow = useQuery(readIfAny(getReleaseFlow, { params: inStage }))
  const saved = flow.data ?? undefined
  const brought = saved === undefined ? [] : broughtBy(saved)
  const mayWrite = useMay('write')
  const [running, setRunning] = useState(false)
  return (
    <Paper withBorder p="md" component="section" aria-label={stage} style={{ flex: 1 }}>
      <Stack gap="sm">
        <Group justify="space-between" wrap="nowrap">
          <Title order={2} size="h4">
            {stage}
          </Title>
          {saved !== undefined && mayWrite && (
            <Button size="xs" leftSection={<IconPlayerPlay size={14} />} onClick={() => setRunning(true)}>
              Run
            </Button>
          )}
        </Group>
        {flow.data === null && (
          <Text size="sm" c="dimmed">
            No release flow yet.{' '}
            {mayWrite && (
              <Anchor component={Link} to={`${at}/flow`} inherit underline="always">
                Draw one
              </Anchor>
            )}
          </Text>
        )}
        {saved !== undefined && (
          <>
            <LastRun params={inStage} at={at} />
            <Group justify="space-between">
              <Anchor component={Link} to={`${at}/flow`} size="sm">
                {mayWrite ? 'Edit the flow' : 'Show the flow'}
              </Anchor>
              {mayWrite && <PauseSwitch params={inStage} flow={saved} />}
            </Group>
          </>
        )}
        {flow.isError && <Unreadable what="Its release flow" error={flow.error} />}
        {members.length === 0 && (
          <Text size="sm" c="dimmed">
            Nothing in this stage.
          </Text>
        )}
        {members.map((member) => (
          <MemberCard
            key={`${member.type}/${member.id}`}
            projectId={params.projectId}
            member={member}
            brought={brought}
          />
        ))}
      </Stack>
      {running && saved !== undefined && (
        <RunDialog params={inStage} flow={saved} onClose={() => setRunning(false)} />
      )}
    </Paper>
  )
}

type InStage = { projectId: string; pipelineId: string; stage: Stage }

function LastRun({ params, at }: { params: InStage; at: string }) {
  const runs = useQuery(read(listRuns, { params, query: {} }))
  if (runs.data === undefined) {
    return runs.isError ? <Unreadable what="Its runs" error={runs.error} /> : <Skeleton height={22} />
  }
  const [last] = runs.data.runs
  if (last === undefined) {
    return (
      <Text size="sm" c="dimmed">
        Never run.
      </Text>
    )
  }
  return (
    <Group gap="xs">
      <StatusBadge status={last.status} />
      <Anchor component={Link} to={`${at}/runs/${last.id}`} size="sm">
        {last.name ?? (last.kind === 'rollback' ? 'Rollback' : 'Release')}
      </Anchor>
      <Text size="xs" c="dimmed">
        <Ago at={last.createdAt} />
      </Text>
      <Anchor component={Link} to={`${at}/runs`} size="xs" ml="auto">
        All runs
      </Anchor>
    </Group>
  )
}
