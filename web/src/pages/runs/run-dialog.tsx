import { planReleaseFlow } from '@fairway/contract/routes/release-flows'
import { startRun } from '@fairway/contract/routes/release-runs'
import { Button, Group, Modal, Stack, Textarea, TextInput } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { call } from '../../api/client.ts'
import { read } from '../../api/queries.ts'
import { useAction } from '../../api/use-action.ts'
import { Loaded } from '../../ui/loaded.tsx'
import type { ReleaseFlow } from '../pipelines/pause-switch.tsx'
import { PlanView } from './plan-view.tsx'

type RunDialogProps = {
  params: { projectId: string; pipelineId: string; stage: string }
  flow: ReleaseFlow
  onClose: () => void
}

/** An argument left empty takes the document's own value. */
const filled = (values: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== ''))

/** Starts a run: what to call it, with which arguments, and what it would change. */
export function RunDialog({ params, flow, onClose }: RunDialogProps) {
  const [name, setName] = useState('')
  const [description, setDescription] = useState('')
  const [given, setGiven] = useState<Record<string, string>>({})
  const [asked] = useDebouncedValue(given, 300)
  const navigate = useNavigate()
  const plan = useQuery(
    read(planReleaseFlow, { params, query: { arguments: JSON.stringify(filled(asked)) } as never }),
  )
  const start = useAction({
    run: () =>
      call(startRun, {
        params,
        body: {
          ...(name !== '' && { name }),
          ...(description !== '' && { description }),
          arguments: filled(given),
        },
      }),
    refresh: ['projects', params.projectId, 'pipelines'],
    after: ({ id }) =>
      void navigate({
        to: `/projects/${params.projectId}/pipelines/${params.pipelineId}/${params.stage.toLowerCase()}/runs/${id}`,
      }),
  })
  return (
    <Modal opened onClose={onClose} title={`Run the release flow of ${params.stage}`} size="lg">
      <form
        onSubmit={(event) => {
          event.preventDefault()
          start.mutate()
        }}
      >
        <Stack>
          <TextInput
            label="Name"
            placeholder="What this release brings"
            maxLength={100}
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
            data-autofocus
          />
          <Textarea
            label="Description"
            maxLength={200}
            autosize
            value={description}
            onChange={(event) => setDescription(event.currentTarget.value)}
          />
          {Object.entries(flow.arguments).map(([argument, fallback]) => (
            <TextInput
              key={argument}
              label={argument}
              placeholder={String(fallback ?? '')}
              required={fallback === ''}
              value={given[argument] ?? ''}
              onChange={(event) => setGiven({ ...given, [argument]: event.currentTarget.value })}
            />
          ))}
          <Loaded query={plan}>{(seen) => <PlanView plan={seen} />}</Loaded>
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
