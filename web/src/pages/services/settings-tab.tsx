import { Alert, Fieldset, Stack, TextInput } from '@mantine/core'
import { call } from '../../api/client.ts'
import { useMay } from '../../api/use-permission.ts'
import { SettingsForm } from '../../ui/settings-form.tsx'
import { BuildFields, CodeFields } from './build-fields.tsx'
import { DeliveryPanel } from './delivery-panel.tsx'
import { ReplaceFields, RunFields } from './run-fields.tsx'
import { patchRoutes, patchSchemaOf, SERVICE_FIELDS, type ServicePartProps, savedOf } from './service-form.ts'
import type { Service, ServiceParams } from './service-page.tsx'

type SettingsTabProps = { params: ServiceParams; service: Service }

/** Everything about a service that can be changed, as far as its kind has it. */
export function SettingsTab(props: SettingsTabProps) {
  const mayWrite = useMay('write')
  return (
    <Stack maw={640}>
      {!mayWrite && (
        <Alert title="You may look, not change">
          Your token may not change services. Sign in with a token that has the permission write.
        </Alert>
      )}
      <Fieldset variant="unstyled" disabled={!mayWrite} aria-label="Settings">
        <Stack>
          <DeliveryPanel {...props} />
          <ServiceForm {...props} />
        </Stack>
      </Fieldset>
    </Stack>
  )
}

function ServiceForm({ params, service }: SettingsTabProps) {
  const { serviceType } = service
  return (
    <SettingsForm
      schema={patchSchemaOf(service)}
      current={() => savedOf(service)}
      fields={SERVICE_FIELDS}
      send={(body) => call(patchRoutes[serviceType], { params, body: body as never })}
      done={SAVED[serviceType]}
      refresh={['projects', params.projectId, 'services']}
    >
      {({ value, set, problem }, saved) => (
        <Parts service={service} saved={saved} value={value} set={set} problem={problem} />
      )}
    </SettingsForm>
  )
}

const SAVED = {
  combined: 'Saved. The next builds use it; instances that run differently from it are replaced.',
  build: 'Saved. The next builds use it.',
  deployment: 'Saved. Instances that run differently from it are replaced.',
}

function Parts(props: ServicePartProps) {
  const { service, value, set, problem } = props
  return (
    <>
      <TextInput
        label="Description"
        value={value.description ?? ''}
        error={problem('description')}
        onChange={(event) => set({ description: event.currentTarget.value })}
      />
      {service.serviceType !== 'build' && (
        <>
          <Fieldset legend="Instances">
            <Stack gap="sm">
              <RunFields {...props} />
            </Stack>
          </Fieldset>
          <Fieldset legend="When instances are replaced">
            <Stack gap="sm">
              <ReplaceFields {...props} />
            </Stack>
          </Fieldset>
        </>
      )}
      {service.serviceType !== 'deployment' && (
        <>
          <Fieldset legend="Code">
            <Stack gap="sm">
              <CodeFields {...props} />
            </Stack>
          </Fieldset>
          <Fieldset legend="Builds">
            <Stack gap="sm">
              <BuildFields {...props} />
            </Stack>
          </Fieldset>
        </>
      )}
    </>
  )
}
