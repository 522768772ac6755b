import type { releaseFlowView } from '@fairway/contract/routes/release-flows'
import { updateReleaseFlow } from '@fairway/contract/routes/release-flows'
import { Switch } from '@mantine/core'
import type { z } from 'zod'
import { call } from '../../api/client.ts'
import { useAction } from '../../api/use-action.ts'
import { documentOf } from '../../flow/document-of.ts'

export type ReleaseFlow = z.output<typeof releaseFlowView>

type PauseSwitchProps = {
  params: { projectId: string; pipelineId: string; stage: string }
  flow: ReleaseFlow
}

/** Stops triggers from starting the flow; by hand it runs all the same. */
export function PauseSwitch({ params, flow }: PauseSwitchProps) {
  const save = useAction({
    run: (paused: boolean) => {
      const document = documentOf(flow)
      const options = { ...(document.options as object), paused }
      return call(updateReleaseFlow, { params, body: { ...document, options } })
    },
    refresh: ['projects', params.projectId, 'pipelines'],
  })
  return (
    <Switch
      size="xs"
      label="Triggers paused"
      checked={flow.paused}
      disabled={save.isPending}
      onChange={(event) => save.mutate(event.currentTarget.checked)}
    />
  )
}
