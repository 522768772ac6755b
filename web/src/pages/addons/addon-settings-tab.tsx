import { addonPatch } from '@fairway/contract/resources/addon'
import { type PlanName, planNames } from '@fairway/contract/resources/plans'
import { type AddonView, patchAddon } from '@fairway/contract/routes/addons'
import { NumberInput, Stack, Switch, Text, TextInput } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { useState } from 'react'
import type { z } from 'zod'
import { call } from '../../api/client.ts'
import { queryClient } from '../../api/queries.ts'
import { changesOf } from '../../ui/changes-of.ts'
import { FormPanel } from '../../ui/form-panel.tsx'
import { PlanField } from '../../ui/plan-field.tsx'
import type { AddonParams } from './addon-page.tsx'

type Patch = z.input<typeof addonPatch>

/** What is saved of an addon, as the body that would save it. Pure. */
export function savedOf({ description, spec: { config } }: AddonView): Patch {
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

/** What can be changed of an addon. Only what was changed is sent. */
export function AddonSettingsTab({ params, addon }: { params: AddonParams; addon: AddonView }) {
  const [saved, setSaved] = useState(() => savedOf(addon))
  const save = async (body: Patch): Promise<void> => {
    await call(patchAddon, { params, body: changesOf(saved, body) ?? {} })
    setSaved(body)
    notifications.show({ message: 'Saved.', color: 'green' })
    await queryClient.invalidateQueries({ queryKey: ['projects', params.projectId, 'addons'] })
  }
  return (
    <Stack maw={560}>
      <FormPanel
        schema={addonPatch}
        initial={saved}
        action="Save"
        fields={['description', 'billing.deploymentPlan', 'billing.storage', 'tlsEnabled']}
        run={save}
        aside={{
          label: 'Discard',
          act: ({ replace }) => {
            setSaved(savedOf(addon))
            replace(savedOf(addon))
          },
        }}
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
      </FormPanel>
    </Stack>
  )
}
