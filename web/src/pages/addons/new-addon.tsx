import { addonBody, addonTypes } from '@fairway/contract/resources/addon'
import { createAddon } from '@fairway/contract/routes/addons'
import { NumberInput, Select, TextInput } from '@mantine/core'
import { useNavigate } from '@tanstack/react-router'
import { call } from '../../api/client.ts'
import { queryClient } from '../../api/queries.ts'
import { DialogButton } from '../../ui/dialog-button.tsx'
import { NameFields } from '../../ui/name-fields.tsx'
import { PlanField } from '../../ui/plan-field.tsx'

/** Makes an addon and goes to it. */
export function NewAddon({ projectId }: { projectId: string }) {
  const navigate = useNavigate()
  return (
    <DialogButton
      label="New addon"
      variant="default"
      size="xs"
      action="Create"
      schema={addonBody}
      initial={{ name: '', type: 'postgresql' }}
      fields={['name', 'description', 'type', 'version', 'billing.storage', 'billing.deploymentPlan']}
      run={async (body) => {
        const { id } = await call(createAddon, { params: { projectId }, body })
        await queryClient.invalidateQueries({ queryKey: ['projects', projectId] })
        await navigate({ to: `/projects/${projectId}/addons/${id}` as never })
      }}
    >
      {({ value, set, problem }) => (
        <>
          <NameFields value={value} set={set} problem={problem} />
          <Select
            label="Type"
            allowDeselect={false}
            data={addonTypes}
            value={value.type}
            error={problem('type')}
            onChange={(type) => set({ type: addonTypes.find((one) => one === type) ?? 'postgresql' })}
          />
          <TextInput
            label="Version"
            description="Exact, latest, or for instance 18-latest"
            value={value.version ?? 'latest'}
            error={problem('version')}
            onChange={(event) => set({ version: event.currentTarget.value })}
          />
          <NumberInput
            label="Storage in MB"
            description="Left empty: what the server takes. It only grows."
            value={value.billing?.storage ?? ''}
            error={problem('billing.storage')}
            onChange={(storage) =>
              set({ billing: { ...value.billing, storage: storage === '' ? undefined : Number(storage) } })
            }
          />
          <PlanField
            label="Plan"
            description="Where addons run in Docker"
            none="No limit"
            value={value.billing?.deploymentPlan}
            problem={problem('billing.deploymentPlan')}
            set={(deploymentPlan) => set({ billing: { ...value.billing, deploymentPlan } })}
          />
        </>
      )}
    </DialogButton>
  )
}
