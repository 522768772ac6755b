import { abortRun, type RunItem, retryRun } from '@fairway/contract/routes/release-runs'
import { Button } from '@mantine/core'
import { modals } from '@mantine/modals'
import { IconArrowBackUp, IconPlayerStop, IconRefresh } from '@tabler/icons-react'
import { useState } from 'react'
import { call } from '../../api/client.ts'
import { useAction } from '../../api/use-action.ts'
import { RollbackDialog } from './rollback-dialog.tsx'
import type { RunParams } from './run-page.tsx'

/** What can be done with a run in the state it is in. */
export function RunActions({ params, run }: { params: RunParams; run: RunItem }) {
  const [rollingBack, setRollingBack] = useState(false)
  const refresh = ['projects', params.projectId, 'pipelines']
  const abort = useAction({
    run: () => call(abortRun, { params }),
    refresh,
    done: 'The run was asked to stop.',
  })
  const retry = useAction({ run: () => call(retryRun, { params }), refresh })
  const confirmAbort = () =>
    modals.openConfirmModal({
      title: 'Abort this run?',
      children: 'Steps that are under way are asked to stop. What was already released stays released.',
      labels: { confirm: 'Abort the run', cancel: 'Let it go on' },
      confirmProps: { color: 'red' },
      onConfirm: () => abort.mutate(),
    })
  return (
    <>
      {!run.concluded && (
        <Button
          variant="default"
          color="red"
          leftSection={<IconPlayerStop size={16} />}
          onClick={confirmAbort}
          loading={abort.isPending}
          disabled={run.status === 'aborting'}
        >
          Abort
        </Button>
      )}
      {run.status === 'failure' && (
        <Button
          leftSection={<IconRefresh size={16} />}
          onClick={() => retry.mutate()}
          loading={retry.isPending}
        >
          Retry from what failed
        </Button>
      )}
      {run.status === 'success' && (
        <Button
          variant="default"
          leftSection={<IconArrowBackUp size={16} />}
          onClick={() => setRollingBack(true)}
        >
          Roll back to this release
        </Button>
      )}
      {rollingBack && <RollbackDialog params={params} onClose={() => setRollingBack(false)} />}
    </>
  )
}
