import type { FlowNode } from '@fairway/contract/nodes/kinds'
import { Alert, Anchor, Code, Group, Paper, Stack, Text, Title } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { durationWords, secondsOf } from '../../flow/durations.ts'
import { responseOf, type StepResponse, subjectOf, titleOf } from '../../flow/steps.ts'
import { StatusBadge } from '../../ui/status-badge.tsx'
import { StepLog } from './step-log.tsx'

type StepPanelProps = { projectId: string; step: FlowNode | undefined; now: Date }

/** Everything about one step of a run. */
export function StepPanel({ projectId, step, now }: StepPanelProps) {
  if (step === undefined) {
    return (
      <Paper withBorder p="md">
        <Text c="dimmed">Choose a step to see its state, what it was given and what it answered.</Text>
      </Paper>
    )
  }
  const response = responseOf(step)
  return (
    <Paper withBorder p="md" component="section" aria-label="Step">
      <Stack gap="sm">
        <Group justify="space-between">
          <Title order={2} size="h4">
            {titleOf(step)}
          </Title>
          {response !== undefined && <StatusBadge status={response.status} />}
        </Group>
        <Text size="sm">{subjectOf(step)}</Text>
        {response === undefined ? (
          <Text size="sm" c="dimmed">
            Not reached yet.
          </Text>
        ) : (
          <Answer response={response} now={now} />
        )}
        <Links projectId={projectId} step={step} />
        <StepLog projectId={projectId} step={step} />
      </Stack>
    </Paper>
  )
}

function Answer({ response, now }: { response: StepResponse; now: Date }) {
  const seconds = secondsOf(response, now)
  const { retries, message, input, data } = response
  return (
    <>
      {message !== undefined && (
        <Alert color={response.status === 'failure' ? 'red' : 'blue'} p="xs">
          <Text size="sm" style={{ whiteSpace: 'pre-wrap' }}>
            {message}
          </Text>
        </Alert>
      )}
      <Group gap="lg">
        {seconds !== undefined && <Fact name="Time" value={durationWords(seconds)} />}
        {retries !== undefined && retries.attempts > 0 && (
          <Fact name="Attempts" value={`${retries.attempts} of ${retries.maxAttempts}`} />
        )}
        {response.startTime !== undefined && (
          <Fact name="Started" value={new Date(response.startTime * 1000).toLocaleTimeString()} />
        )}
      </Group>
      {input !== undefined && <Json title="Given" value={input} />}
      {data !== undefined && <Json title="Answered" value={data} />}
    </>
  )
}

function Fact({ name, value }: { name: string; value: string }) {
  return (
    <div>
      <Text size="xs" c="dimmed">
        {name}
      </Text>
      <Text size="sm" className="tabular">
        {value}
      </Text>
    </div>
  )
}

function Json({ title, value }: { title: string; value: unknown }) {
  return (
    <details>
      <summary>
        <Text span size="sm">
          {title}
        </Text>
      </summary>
      <Code block style={{ maxHeight: 260, overflow: 'auto' }} tabIndex={0}>
        {JSON.stringify(value, null, 2)}
      </Code>
    </details>
  )
}

const FOLDERS: Readonly<Record<string, string>> = { service: 'services', job: 'jobs', addon: 'addons' }

/** To the page of what the step works on. */
function Links({ projectId, step }: { projectId: string; step: FlowNode }) {
  const spec = (step.spec ?? {}) as {
    target?: { id: string; type?: string }
    jobId?: string
    addonId?: string
  }
  const target =
    spec.target ??
    (spec.jobId === undefined ? undefined : { id: spec.jobId, type: 'job' }) ??
    (spec.addonId === undefined ? undefined : { id: spec.addonId, type: 'addon' })
  const folder = FOLDERS[target?.type ?? 'service']
  if (target === undefined || folder === undefined || !/^[a-z][a-z0-9-]*$/.test(target.id)) return null
  return (
    <Anchor component={Link} to={`/projects/${projectId}/${folder}/${target.id}`} size="sm">
      Open {target.id}
    </Anchor>
  )
}
