import type { FlowNode } from '@fairway/contract/nodes/kinds'
import type { templateRunView } from '@fairway/contract/resources/template-views'
import { Alert, Button, Grid, Group, Paper, Stack, Text } from '@mantine/core'
import { IconPlayerStop } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { z } from 'zod'
import { call } from '../../api/client.ts'
import { read } from '../../api/queries.ts'
import { useAction } from '../../api/use-action.ts'
import { FlowCanvas } from '../../flow/flow-canvas.tsx'
import { allSteps, responseOf, stepAt } from '../../flow/steps.ts'
import { Ago } from '../../ui/ago.tsx'
import { Loaded } from '../../ui/loaded.tsx'
import { PageTitle } from '../../ui/page-title.tsx'
import { StatusBadge } from '../../ui/status-badge.tsx'
import { usePathParams } from '../path-params.ts'
import { StepPanel } from '../runs/step-panel.tsx'
import { type TemplatePlace, useTemplatePlace } from './use-template-place.ts'

type Run = z.output<typeof templateRunView>
type RunProps = { place: TemplatePlace; templateId: string; run: Run }

/** A run of a template as it goes: its document with what became of each step. */
export function TemplateRunPage() {
  const { templateId, runId } = usePathParams('templateId', 'runId')
  const place = useTemplatePlace()
  const params = { projectId: place.projectId, templateId, runId }
  const query = useQuery(read(place.routes.getRun, { params }))
  return <Loaded query={query}>{(run) => <RunOf place={place} templateId={templateId} run={run} />}</Loaded>
}

function RunOf({ place, templateId, run }: RunProps) {
  const root = run.spec as FlowNode
  const [selected, select] = useState<string | undefined>(
    () => allSteps(root).findLast(({ node }) => responseOf(node)?.status === 'failure')?.path,
  )
  const [now] = useState(() => new Date())
  const step = selected === undefined ? undefined : stepAt(root, selected)
  const { created, changed, unchanged } = run.resources
  return (
    <Stack>
      <PageTitle
        title={run.name ?? `Run of ${templateId}`}
        below={
          <Group gap="xs">
            <StatusBadge status={run.status} />
            <Text size="sm" c="dimmed" component="div">
              version {run.templateVersion} · {created} made, {changed} changed, {unchanged} left as they were
              · started <Ago at={run.startedAt ?? run.createdAt} />
            </Text>
          </Group>
        }
      >
        {!run.concluded && <AbortButton place={place} templateId={templateId} run={run} />}
      </PageTitle>
      {run.message !== undefined && (
        <Alert color={run.status === 'success' ? 'blue' : 'red'} role="alert">
          {run.message}
        </Alert>
      )}
      <Grid>
        <Grid.Col span={{ base: 12, lg: 8 }}>
          <Paper withBorder>
            <FlowCanvas root={root} selected={selected} onSelect={select} height={480} />
          </Paper>
        </Grid.Col>
        <Grid.Col span={{ base: 12, lg: 4 }}>
          <StepPanel projectId={place.projectId} step={step} now={now} />
        </Grid.Col>
      </Grid>
    </Stack>
  )
}

function AbortButton({ place: { routes, projectId, key }, templateId, run }: RunProps) {
  const abort = useAction({
    run: () => call(routes.abortRun, { params: { projectId, templateId, runId: run.id } }),
    refresh: [...key, templateId],
    done: 'The run was asked to stop. What it made stays.',
  })
  return (
    <Button
      variant="default"
      leftSection={<IconPlayerStop size={16} />}
      disabled={run.status === 'aborting'}
      loading={abort.isPending}
      onClick={() => abort.mutate()}
    >
      Abort
    </Button>
  )
}
