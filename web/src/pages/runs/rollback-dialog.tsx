import { planRollback, rollback } from '@fairway/contract/routes/release-runs'
import { Alert, Button, Checkbox, Group, List, Modal, Stack, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { call } from '../../api/client.ts'
import { read } from '../../api/queries.ts'
import { useAction } from '../../api/use-action.ts'
import { Loaded } from '../../ui/loaded.tsx'
import { PlanView } from './plan-view.tsx'
import type { RunParams } from './run-page.tsx'

const flag = (value: boolean): 'true' | 'false' => (value ? 'true' : 'false')

/** What a rollback would change and what it cannot undo, before anyone presses the button. */
export function RollbackDialog({ params, onClose }: { params: RunParams; onClose: () => void }) {
  const [also, setAlso] = useState({ configuration: false, secrets: false, flow: false })
  const navigate = useNavigate()
  const query = {
    configuration: flag(also.configuration),
    secrets: flag(also.secrets),
    flow: flag(also.flow),
  }
  const plan = useQuery(read(planRollback, { params, query }))
  const start = useAction({
    run: () => call(rollback, { params, body: also }),
    refresh: ['projects', params.projectId, 'pipelines'],
    after: ({ id }) => {
      onClose()
      void navigate({
        to: `/projects/${params.projectId}/pipelines/${params.pipelineId}/${params.stage}/runs/${id}`,
      })
    },
  })
  const choice = (name: keyof typeof also, label: string) => (
    <Checkbox
      label={label}
      checked={also[name]}
      onChange={(event) => setAlso({ ...also, [name]: event.currentTarget.checked })}
    />
  )
  return (
    <Modal opened onClose={onClose} title="Roll back to this release" size="lg">
      <Stack>
        <Group>
          <Text size="sm">Also bring back</Text>
          {choice('configuration', 'configuration')}
          {choice('secrets', 'secret values')}
          {choice('flow', 'the release flow')}
        </Group>
        <Loaded query={plan}>
          {(seen) => (
            <>
              <PlanView plan={seen} />
              {seen.backups.length > 0 && (
                <Alert color="blue" title="Backups taken since then">
                  <List size="sm">
                    {seen.backups.map((backup) => (
                      <List.Item key={backup.id}>
                        {backup.addonId}: {backup.name} ({backup.message})
                      </List.Item>
                    ))}
                  </List>
                </Alert>
              )}
            </>
          )}
        </Loaded>
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button
            color="red"
            onClick={() => start.mutate()}
            loading={start.isPending}
            disabled={!plan.isSuccess}
          >
            Roll back
          </Button>
        </Group>
      </Stack>
    </Modal>
  )
}
