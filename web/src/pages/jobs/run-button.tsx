import { jobRunOverrides, startJobRun } from '@fairway/contract/routes/job-runs'
import type { JobView } from '@fairway/contract/routes/jobs'
import { Button, Modal, Text } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { notifications } from '@mantine/notifications'
import { IconPlayerPlay } from '@tabler/icons-react'
import type { z } from 'zod'
import { call } from '../../api/client.ts'
import { queryClient } from '../../api/queries.ts'
import { CommandFields } from '../../ui/command-fields.tsx'
import { FormPanel } from '../../ui/form-panel.tsx'
import { NewVariables } from '../../ui/new-variables.tsx'
import { PlanField } from '../../ui/plan-field.tsx'
import type { JobParams } from './job-page.tsx'
import { VersionFields } from './version-fields.tsx'

type Overrides = z.input<typeof jobRunOverrides>

const FIELDS = [
  'runtimeEnvironment',
  'billing.deploymentPlan',
  'deployment.docker.customEntrypoint',
  'deployment.docker.customCommand',
  'deployment.internal.buildId',
  'deployment.external.imagePath',
]

type RunButtonProps = { params: JobParams; job: JobView; onStarted(runId: string): void }

/** Runs a job, as it is or with changes for this run alone. */
export function RunButton({ params, job, onStarted }: RunButtonProps) {
  const [opened, { open, close }] = useDisclosure()
  const run = async (body: Overrides): Promise<void> => {
    const { id, runName } = await call(startJobRun, { params, body: withoutUnchanged(body) })
    notifications.show({ message: `The run ${runName} was started.`, color: 'green' })
    await queryClient.invalidateQueries({ queryKey: ['projects', params.projectId, 'jobs', params.jobId] })
    onStarted(id)
  }
  return (
    <>
      <Button leftSection={<IconPlayerPlay size={16} />} onClick={open}>
        Run
      </Button>
      <Modal opened={opened} onClose={close} title={`Run ${job.name}`} size="lg">
        <FormPanel
          schema={jobRunOverrides}
          initial={{}}
          action="Run"
          align="flex-end"
          aside={{ label: 'Cancel', act: close }}
          fields={FIELDS}
          run={run}
          onDone={close}
        >
          {({ value, set, problem }) => {
            const deployment = value.deployment ?? {}
            return (
              <>
                <Text size="sm">
                  It runs once. What is changed here is changed for this run; the job stays as it is.
                </Text>
                <VersionFields
                  params={params}
                  job={job}
                  current="The one it has now"
                  problem={(field) => problem(`deployment.${field}`)}
                  set={({ internal, external }) => set({ deployment: { ...deployment, internal, external } })}
                />
                <NewVariables
                  label="Variables"
                  description="Besides the job's own; of the same name these win."
                  problem={problem('runtimeEnvironment')}
                  set={(runtimeEnvironment) => set({ runtimeEnvironment })}
                />
                <CommandFields
                  value={deployment.docker ?? {}}
                  unchanged="What the job starts"
                  problem={(field) => problem(`deployment.docker.${field}`)}
                  set={(docker) => set({ deployment: { ...deployment, docker } })}
                />
                <PlanField
                  label="Plan"
                  none="The job's own"
                  value={value.billing?.deploymentPlan}
                  problem={problem('billing.deploymentPlan')}
                  set={(deploymentPlan) => set({ billing: { deploymentPlan } })}
                />
              </>
            )
          }}
        </FormPanel>
      </Modal>
    </>
  )
}

/** A command that is the job's own is no change: said aloud, it would hide the job's. */
function withoutUnchanged({ deployment, billing, ...rest }: Overrides): Overrides {
  const { docker, ...others } = deployment ?? {}
  const changesCommand = docker !== undefined && (docker.configType ?? 'default') !== 'default'
  return {
    ...rest,
    ...(billing?.deploymentPlan !== undefined && { billing }),
    deployment: { ...others, ...(changesCommand && { docker }) },
  }
}
