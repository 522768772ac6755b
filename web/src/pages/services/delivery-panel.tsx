import { updateServiceDeployment } from '@fairway/contract/routes/service-actions'
import { Alert, Fieldset, Stack, Switch, Text } from '@mantine/core'
import { modals } from '@mantine/modals'
import { call } from '../../api/client.ts'
import { useAction } from '../../api/use-action.ts'
import { CdReason } from './cd-reason.tsx'
import { Holds } from './holds.tsx'
import { patchRoutes } from './service-form.ts'
import type { Service, ServiceParams } from './service-page.tsx'

type DeliveryPanelProps = { params: ServiceParams; service: Service }

/** What happens by itself: whether pushes are built, and whether new versions are deployed. */
export function DeliveryPanel({ params, service }: DeliveryPanelProps) {
  const { serviceType } = service
  return (
    <Fieldset legend="What happens by itself">
      <Stack>
        {serviceType !== 'deployment' && <BuildSwitch params={params} service={service} />}
        {serviceType !== 'build' && <DeploySwitch params={params} service={service} />}
        {serviceType !== 'build' && <Holds params={params} />}
      </Stack>
    </Fieldset>
  )
}

function usePatch({ params, service }: DeliveryPanelProps) {
  return useAction({
    run: (body: { disabledCI?: boolean; disabledCD?: boolean }) =>
      call(patchRoutes[service.serviceType], { params, body: body as never }),
    refresh: ['projects', params.projectId, 'services'],
  })
}

function BuildSwitch({ params, service }: DeliveryPanelProps) {
  const patch = usePatch({ params, service })
  return (
    <Switch
      label="Build what is pushed (CI)"
      description={
        service.disabledCI
          ? `Off${service.servicePaused ? ', as the service is paused' : ''}: builds are started by hand or by releases.`
          : 'Pushes and pull requests that the rules below let through are built.'
      }
      checked={!service.disabledCI}
      disabled={patch.isPending}
      onChange={(event) => patch.mutate({ disabledCI: !event.currentTarget.checked })}
    />
  )
}

function DeploySwitch({ params, service }: DeliveryPanelProps) {
  const patch = usePatch({ params, service })
  const follow = useAction({
    run: (branch: string | undefined) =>
      call(updateServiceDeployment, {
        params,
        body: { internal: { buildSHA: 'latest', ...(branch !== undefined && { branch }) } },
      }),
    refresh: ['projects', params.projectId, 'services'],
    done: 'The newest build is deployed, and each new one from now on.',
  })
  const follows = service.deployment?.follows
  if (follows === undefined) {
    return (
      <Text size="sm">
        Nothing is deployed by itself (CD): the service follows no branch and no image. Deploy a branch or an
        image to follow, or let releases bring versions.
      </Text>
    )
  }
  const turn = (on: boolean): void => {
    if (on && follows.pinned) askFollow(follows.branch, () => follow.mutate(follows.branch))
    else patch.mutate({ disabledCD: !on })
  }
  return (
    <>
      <Switch
        label="Deploy new versions (CD)"
        description={`${service.disabledCD ? 'Off. When on, it deploys' : 'Deploys'} ${wordsOf(follows)}`}
        checked={!service.disabledCD}
        disabled={patch.isPending || follow.isPending}
        onChange={(event) => turn(event.currentTarget.checked)}
      />
      {service.disabledCD && <CdReason params={params} service={service} />}
      {!service.disabledCD && service.deployment?.releaseFlowControlled === true && (
        <Alert>Only releases deploy to this service, so new versions are not taken all the same.</Alert>
      )}
      {!service.disabledCD && follows.pinned && (
        <Alert>
          The service names one version, so newer ones are not taken. Deploy its branch to follow it.
        </Alert>
      )}
    </>
  )
}

function askFollow(branch: string | undefined, onConfirm: () => void): void {
  modals.openConfirmModal({
    title: 'Deploy new versions again?',
    children: `The newest build of ${branch ?? 'any branch'} is deployed now, and each new one as soon as it is built.`,
    labels: { confirm: 'Deploy and follow', cancel: 'Cancel' },
    onConfirm,
  })
}

type Follows = NonNullable<NonNullable<Service['deployment']>['follows']>

/** What is taken, in words. Pure. */
function wordsOf({ builder, branch, image, tag, semver }: Follows): string {
  if (builder !== undefined)
    return `each new build of ${builder}, of ${branch === undefined ? 'any branch' : `the branch ${branch}`}.`
  const what = tag === undefined ? `the highest version in ${semver}` : `whatever the tag ${tag} points at`
  return `${what}, of the image ${image}.`
}
