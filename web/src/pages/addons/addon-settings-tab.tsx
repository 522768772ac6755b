import { addonPatch } from '@fairway/contract/resources/addon'
import { type PlanName, planNames } from '@fairway/contract/resources/plans'
import { type AddonView, patchAddon } from '@fairway/contract/routes/addons'
import { NumberInput, Stack, Switch, Text, TextInput } from '@mantine/core'
import type { z } from 'zod'
import { call } from '../../api/client.ts'
import { PlanField } from '../../ui/plan-field.tsx'
import { SettingsForm } from '../../ui/settings-form.tsx'
import type { AddonParams } from './addon-page.tsx'

type Patch = z.input<typeof addonPatch>

/** What is saved of an addon, as the body that would save it. Pure. */
function savedOf({ description, spec: { config } }: AddonView): Patch {
  const { planId, storageSize } = config.deployment
  const plan: PlanName | undefined = planNames.find((name) => name === planId)
  return {
    description,
    billing: {
      ...(plan !== undefined && { deploymentPlan: plan }),
      ...(storageSize > 0 && { storage: storageSize }),
    },
    tlsEnabled: config.networking.tlsEnabled,
  }
}

const FIELDS = ['description', 'billing.deploymentPlan', 'billing.storage', 'tlsEnabled']

/** What can be changed of an addon. */
export function AddonSettingsTab({ params, addon }: { params: AddonParams; addon: AddonView }) {
  return (
    <Stack maw={560}>
      <SettingsForm
        schema={addonPatch}
        current={() => savedOf(addon)}
        fields={FIELDS}
        send={(body) => call(patchAddon, { params, body })}
        done="Saved."
        refresh={['projects', params.projectId, 'addons']}
      >
        {({ value, set, problem }) => (
          <>
            <TextInput
              label="Description"
              value={value.description ?? ''}
              error={problem('description')}
              onChange={(event) => set({ description: event.currentTarget.value })}
            />
            <PlanField
              label="Plan"
              description="Limits of CPU and memory, where a Docker Engine runs it. It restarts with another plan."
              value={value.billing?.deploymentPlan}
              problem={problem('billing.deploymentPlan')}
              set={(deploymentPlan) => set({ billing: { ...value.billing, deploymentPlan } })}
            />
            <NumberInput
              label="Storage in MB"
              description="It only grows."
              allowDecimal={false}
              value={value.billing?.storage ?? ''}
              error={problem('billing.storage')}
              onChange={(storage) =>
                set({
                  billing: { ...value.billing, storage: storage === '' ? undefined : Number(storage) },
                })
              }
            />
            <Switch
              label="Encrypted connections only"
              description="Needs a Docker Engine. The addon restarts when it changes."
              checked={value.tlsEnabled === true}
              error={problem('tlsEnabled')}
              onChange={(event) => set({ tlsEnabled: event.currentTarget.checked })}
            />
            <Text size="sm" c="dimmed">
              Its type and version stay as they are.
            </Text>
          </>
        )}
      </SettingsForm>
    </Stack>
  )
}
