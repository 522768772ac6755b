import type { FlowNode } from '@fairway/contract/nodes/kinds'
import { getRun, type RunItem } from '@fairway/contract/routes/release-runs'
import { Alert, Grid, Group, Paper, Stack, Text } from '@mantine/core'
import { useInterval } from '@mantine/hooks'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { read } from '../../api/queries.ts'
import { FlowCanvas } from '../../flow/flow-canvas.tsx'
import { allSteps, responseOf, stepAt } from '../../flow/steps.ts'
import { Ago } from '../../ui/ago.tsx'
import { Loaded } from '../../ui/loaded.tsx'
import { PageTitle } from '../../ui/page-title.tsx'
import { StatusBadge } from '../../ui/status-badge.tsx'
import { usePathParams } from '../path-params.ts'
import { Receipts } from './receipts.tsx'
import { RunActions } from './run-actions.tsx'
import { RunDuration } from './run-duration.tsx'
import { StepPanel } from './step-panel.tsx'
import { WaitingApprovals } from './waiting-approvals.tsx'

export type RunParams = { projectId: string; pipelineId: string; stage: string; runId: string }

/** A run as it goes: its flow with what became of each step. */
export function RunPage() {
  const params = usePathParams('projectId', 'pipelineId', 'stage', 'runId')
  const query = useQuery(read(getRun, { params }))
  return (
    <Loaded query={query}>
      {(run) => <Run params={params} run={{ ...run, spec: run.spec as FlowNode }} />}
    </Loaded>
  )
}

type RunDetails = RunItem & { spec: FlowNode; stage: string }

function Run({ params, run }: { params: RunParams; run: RunDetails }) {
  const now = useNow(!run.concluded)
  const [selected, select] = useState<string | undefined>(() => whatMatters(run.spec))
  const step = selected === undefined ? undefined : stepAt(run.spec, selected)
  return (
    <Stack>
      <PageTitle
        title={run.name ?? (run.kind === 'rollback' ? 'Rollback' : 'Release')}
        below={
          <Group gap="xs">
            <StatusBadge status={run.status} />
            <Text size="sm" c="dimmed" component="div">
              {run.stage} · <RunDuration run={run} now={now} /> · started{' '}
              <Ago at={run.startedAt ?? run.createdAt} />
              {run.createdBy === undefined ? '' : ` by ${run.createdBy}`}
            </Text>
          </Group>
        }
      >
        <RunActions params={params} run={run} />
      </PageTitle>
      {run.description !== undefined && <Text>{run.description}</Text>}
      {run.message !== undefined && (
        <Alert color={run.status === 'success' ? 'blue' : 'red'} role="alert">
          {run.message}
        </Alert>
      )}
      <WaitingApprovals params={params} root={run.spec} />
      <Grid>
        <Grid.Col span={{ base: 12, lg: 8 }}>
          <Paper withBorder>
            <FlowCanvas root={run.spec} selected={selected} onSelect={select} height={480} />
          </Paper>
        </Grid.Col>
        <Grid.Col span={{ base: 12, lg: 4 }}>
          <StepPanel projectId={params.projectId} step={step} now={now} />
        </Grid.Col>
      </Grid>
      <Receipts params={params} run={run} />
    </Stack>
  )
}

/** The step to look at first: one that failed, else one that is under way. */
function whatMatters(root: FlowNode): string | undefined {
  const leaves = allSteps(root).filter(({ node }) => responseOf(node) !== undefined)
  const failed = leaves.findLast(({ node }) => responseOf(node)?.status === 'failure')
  const busy = leaves.findLast(
    ({ node }) => !/success|failure|skipped|pending/.test(responseOf(node)?.status ?? 'pending'),
  )
  return (failed ?? busy)?.path
}

function useNow(ticking: boolean): Date {
  const [now, setNow] = useState(() => new Date())
  useInterval(() => ticking && setNow(new Date()), 500, { autoInvoke: true })
  return now
}
