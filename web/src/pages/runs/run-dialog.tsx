import type { FlowNode } from '@fairway/contract/nodes/kinds'
import { planReleaseFlow } from '@fairway/contract/routes/release-flows'
import { startRun } from '@fairway/contract/routes/release-runs'
import { Alert, Button, Group, Modal, Stack, Text, Textarea, TextInput } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { ApiError, sentenceOf } from '../../api/api-error.ts'
import { call } from '../../api/client.ts'
import { read } from '../../api/queries.ts'
import { useAction } from '../../api/use-action.ts'
import type { ReleaseFlow } from '../pipelines/pause-switch.tsx'
import { PlanView } from './plan-view.tsx'
import { type Choices, NO_CHOICES, type RunnableFlow, runBodyOf } from './run-choices.ts'
import { RunFields } from './run-fields.tsx'
import { type PlacedProblems, placeProblems } from './run-problems.ts'

type Params = { projectId: string; pipelineId: string; stage: string }
type RunDialogProps = { params: Params; flow: ReleaseFlow; onClose: () => void }

/** Starts a run: what to call it, what it is given, and what it would change. */
export function RunDialog({ params, flow: answer, onClose }: RunDialogProps) {
  const flow = answer as unknown as RunnableFlow & { spec: FlowNode }
  const [choices, setChoices] = useState(NO_CHOICES)
  const [tried, setTried] = useState(false)
  const change = (part: Partial<Choices>): void => setChoices({ ...choices, ...part })
  const { plan, isCurrent, problems } = usePlan(params, flow, choices)
  const navigate = useNavigate()
  const start = useAction({
    run: () => {
      const { name, description } = choices
      const words = { ...(name !== '' && { name }), ...(description !== '' && { description }) }
      return call(startRun, { params, body: { ...words, ...runBodyOf(choices, flow) } as never })
    },
    refresh: ['projects', params.projectId, 'pipelines'],
    after: ({ id }) =>
      void navigate({
        to: `/projects/${params.projectId}/pipelines/${params.pipelineId}/${params.stage.toLowerCase()}/runs/${id}`,
      }),
  })
  return (
    <Modal opened onClose={onClose} title={`Run the release flow of ${params.stage}`} size="xl">
      <form
        noValidate
        onSubmit={(event) => {
          event.preventDefault()
          setTried(true)
          if (!(isCurrent && plan.isError)) start.mutate()
        }}
      >
        <Stack>
          <Words choices={choices} onChange={change} />
          <RunFields
            projectId={params.projectId}
            flow={flow}
            choices={choices}
            problems={tried ? problems : ofFilledFields(problems, choices)}
            onChange={change}
          />
          <Plan plan={plan} problems={problems} />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" loading={start.isPending}>
              Run
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  )
}

function Words({ choices, onChange }: { choices: Choices; onChange: (part: Partial<Choices>) => void }) {
  return (
    <>
      <TextInput
        label="Name"
        placeholder="What this release brings"
        maxLength={100}
        value={choices.name}
        onChange={(event) => onChange({ name: event.currentTarget.value })}
        data-autofocus
      />
      <Textarea
        label="Description"
        maxLength={200}
        autosize
        value={choices.description}
        onChange={(event) => onChange({ description: event.currentTarget.value })}
      />
    </>
  )
}

/** What the run would do, asked again a moment after each change. */
function usePlan(params: Params, flow: RunnableFlow, choices: Choices) {
  const body = JSON.stringify(runBodyOf(choices, flow))
  const [asked] = useDebouncedValue(body, 300)
  const query = Object.fromEntries(
    Object.entries(JSON.parse(asked) as object).map(([name, value]) => [name, JSON.stringify(value)]),
  )
  const plan = useQuery({
    ...read(planReleaseFlow, { params, query: query as never }),
    placeholderData: keepPreviousData,
    retry: false,
  })
  const broken = plan.error instanceof ApiError ? plan.error.problems : []
  return {
    plan,
    isCurrent: asked === body && !plan.isFetching,
    problems: placeProblems(broken, flow.spec, { overridden: Object.keys(choices.releases) }),
  }
}

/** Nobody is told that a field is empty before they had a chance to fill it. */
const ofFilledFields = (problems: PlacedProblems, choices: Choices): PlacedProblems => ({
  ...problems,
  arguments: Object.fromEntries(
    Object.entries(problems.arguments).filter(([name]) => (choices.arguments[name] ?? '') !== ''),
  ),
})

function Plan({ plan, problems }: Pick<ReturnType<typeof usePlan>, 'plan' | 'problems'>) {
  if (plan.error !== null) {
    const inFields = [problems.arguments, problems.releases, problems.triggers].flatMap((one) =>
      Object.keys(one),
    )
    if (inFields.length === 0 && problems.others.length === 0)
      return <Alert color="red">{sentenceOf(plan.error)}</Alert>
    return (
      <Alert color="yellow" title="This cannot run yet" role="status">
        {inFields.length > 0 && <Text size="sm">Look at: {[...new Set(inFields)].join(', ')}.</Text>}
        {problems.others.map((sentence) => (
          <Text key={sentence} size="sm">
            {sentence}
          </Text>
        ))}
      </Alert>
    )
  }
  if (plan.data === undefined) return <Text c="dimmed">Looking at what would change …</Text>
  return (
    <section
      aria-label="What would change"
      aria-busy={plan.isPlaceholderData}
      style={{ opacity: plan.isPlaceholderData ? 0.6 : 1 }}
    >
      <PlanView plan={plan.data} />
    </section>
  )
}
