import { type JobView, updateJobDeployment } from '@fairway/contract/routes/jobs'
import { deploymentSource } from '@fairway/contract/routes/services'
import { Modal, Text } from '@mantine/core'
import { call } from '../../api/client.ts'
import { queryClient } from '../../api/queries.ts'
import { FormPanel } from '../../ui/form-panel.tsx'
import type { JobParams } from './job-page.tsx'
import { VersionFields } from './version-fields.tsx'

type DeployDialogProps = { params: JobParams; job: JobView; onClose: () => void }

/** Which version the next runs of a job run. */
export function DeployDialog({ params, job, onClose }: DeployDialogProps) {
  return (
    <Modal opened onClose={onClose} title={`Deploy to ${job.name}`} size="lg">
      <FormPanel
        schema={deploymentSource}
        initial={{}}
        action="Deploy"
        align="flex-end"
        aside={{ label: 'Cancel', act: onClose }}
        fields={['internal.buildId', 'internal.id', 'external.imagePath']}
        run={async (body) => {
          await call(updateJobDeployment, { params, body })
          await queryClient.invalidateQueries({ queryKey: ['projects', params.projectId, 'jobs'] })
        }}
        onDone={onClose}
      >
        {({ set, problem }) => (
          <>
            <Text size="sm">
              The next runs run it. New builds are not deployed by themselves any more, until that is turned
              on again.
              {job.settings.runOnSourceChange === 'always' && ' The job runs at once when it is another one.'}
            </Text>
            <VersionFields
              params={params}
              job={job}
              problem={problem}
              set={({ internal, external }) => set({ internal, external })}
            />
          </>
        )}
      </FormPanel>
    </Modal>
  )
}
