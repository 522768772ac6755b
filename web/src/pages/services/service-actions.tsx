import {
  pauseService,
  restartService,
  resumeService,
  scaleService,
} from '@fairway/contract/routes/service-actions'
import { deleteService } from '@fairway/contract/routes/services'
import { ActionIcon, Button, Menu, NumberInput } from '@mantine/core'
import { modals } from '@mantine/modals'
import {
  IconDots,
  IconPlayerPause,
  IconPlayerPlay,
  IconRefresh,
  IconRocket,
  IconScale,
  IconTrash,
} from '@tabler/icons-react'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { call } from '../../api/client.ts'
import { useAction } from '../../api/use-action.ts'
import { useMay } from '../../api/use-permission.ts'
import { confirmByName } from '../../ui/confirm-by-name.tsx'
import { DeployDialog } from './deploy-dialog.tsx'
import type { Service, ServiceParams } from './service-page.tsx'

/** Deploy, restart, scale, pause and delete, as far as the kind of service allows. */
export function ServiceActions({ params, service }: { params: ServiceParams; service: Service }) {
  const [deploying, setDeploying] = useState(false)
  const refresh = ['projects', params.projectId, 'services']
  const act = useAction({ run: (work: () => Promise<unknown>) => work(), refresh })
  const runs = service.serviceType !== 'build'
  if (!useMay('write')) return null
  return (
    <>
      {runs && service.servicePaused && (
        <Button
          leftSection={<IconPlayerPlay size={16} />}
          loading={act.isPending}
          onClick={() => act.mutate(() => call(resumeService, { params, body: {} }))}
        >
          Resume
        </Button>
      )}
      {runs && !service.servicePaused && (
        <Button leftSection={<IconRocket size={16} />} onClick={() => setDeploying(true)}>
          Deploy
        </Button>
      )}
      <MoreActions params={params} service={service} onAct={act.mutate} />
      {deploying && <DeployDialog params={params} service={service} onClose={() => setDeploying(false)} />}
    </>
  )
}

type MoreActionsProps = {
  params: ServiceParams
  service: Service
  onAct: (work: () => Promise<unknown>) => void
}

function MoreActions({ params, service, onAct }: MoreActionsProps) {
  const navigate = useNavigate()
  const remove = useAction({
    run: () => call(deleteService, { params, query: {} }),
    refresh: ['projects', params.projectId],
    after: () => void navigate({ to: `/projects/${params.projectId}` }),
  })
  const confirmRestart = () =>
    modals.openConfirmModal({
      title: 'Restart all instances?',
      children:
        'They are replaced one after the other by new ones of the same version. No request is dropped.',
      labels: { confirm: 'Restart', cancel: 'Cancel' },
      onConfirm: () => onAct(() => call(restartService, { params })),
    })
  const pause = () =>
    modals.openConfirmModal({
      title: `Pause ${service.name}?`,
      children: 'Its instances are stopped and it answers nobody until it is resumed.',
      labels: { confirm: 'Pause', cancel: 'Cancel' },
      confirmProps: { color: 'red' },
      onConfirm: () => onAct(() => call(pauseService, { params })),
    })
  const confirmDelete = () =>
    confirmByName({
      title: `Delete ${service.name}`,
      what: 'Its instances are stopped, and its builds and history are gone for good.',
      name: service.name,
      onConfirm: () => remove.mutate(),
    })
  const running = service.serviceType !== 'build' && !service.servicePaused
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <ActionIcon variant="default" size="lg" aria-label="More actions">
          <IconDots size={18} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {running && (
          <>
            <Menu.Item leftSection={<IconRefresh size={16} />} onClick={confirmRestart}>
              Restart
            </Menu.Item>
            <Menu.Item
              leftSection={<IconScale size={16} />}
              onClick={() =>
                askScale(service, (instances) =>
                  onAct(() => call(scaleService, { params, body: { instances } })),
                )
              }
            >
              Scale
            </Menu.Item>
            <Menu.Item leftSection={<IconPlayerPause size={16} />} onClick={pause}>
              Pause
            </Menu.Item>
          </>
        )}
        <Menu.Item color="red" leftSection={<IconTrash size={16} />} onClick={confirmDelete}>
          Delete
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  )
}

function askScale(service: Service, onScale: (instances: number) => void): void {
  let instances = service.deployment?.instances ?? 1
  modals.openConfirmModal({
    title: `Scale ${service.name}`,
    children: (
      <NumberInput
        label="Instances"
        min={0}
        max={100}
        allowDecimal={false}
        defaultValue={instances}
        onChange={(value) => {
          instances = Number(value)
        }}
        data-autofocus
      />
    ),
    labels: { confirm: 'Scale', cancel: 'Cancel' },
    onConfirm: () => onScale(instances),
  })
}
