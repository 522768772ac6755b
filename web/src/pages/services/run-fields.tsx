import { Select, SimpleGrid, TextInput } from '@mantine/core'
import { CommandFields } from '../../ui/command-fields.tsx'
import { LimitFields } from '../../ui/limit-fields.tsx'
import { NumberField } from '../../ui/number-field.tsx'
import { PlanField } from '../../ui/plan-field.tsx'
import type { ServicePartProps, ServicePatch } from './service-form.ts'

type Deployment = NonNullable<ServicePatch['deployment']>

/** How many there are, how much each may use, and what they start. */
export function RunFields({ saved, value, set, problem }: ServicePartProps) {
  const deployment = value.deployment ?? {}
  const change = (part: Deployment): void => set({ deployment: { ...deployment, ...part } })
  return (
    <>
      <NumberField
        label="Instances"
        description="0 is off"
        value={deployment.instances}
        saved={saved.deployment?.instances}
        error={problem('deployment.instances')}
        set={(instances) => change({ instances })}
      />
      <PlanField
        label="Plan"
        description="Of each instance"
        {...(saved.billing?.deploymentPlan === undefined && { none: 'No limit' })}
        value={value.billing?.deploymentPlan}
        problem={problem('billing.deploymentPlan')}
        set={(deploymentPlan) => set({ billing: { ...value.billing, deploymentPlan } })}
      />
      <LimitFields saved={saved} value={value} set={set} problem={problem} />
      <CommandFields
        value={(deployment.docker ?? {}) as Parameters<typeof CommandFields>[0]['value']}
        unchanged="What the version says"
        problem={(field) => problem(`deployment.docker.${field}`)}
        set={(docker) => change({ docker })}
      />
    </>
  )
}

const WAYS = [
  { value: 'rollout-steady', label: 'One after the other' },
  { value: 'rollout-balanced', label: 'Half of them at a time' },
  { value: 'rollout-fast', label: 'All at once, beside the old ones' },
  { value: 'recreate', label: 'Stop all, then start: nobody is answered meanwhile' },
  { value: 'custom', label: 'As said here' },
] as const

const TIMES = [
  ['gracePeriodSeconds', 'Time to stop, seconds', 'Between SIGTERM and SIGKILL'],
  ['drainSeconds', 'Time for requests, seconds', 'For what is under way when one is taken away'],
  ['minReadySeconds', 'Ready for, seconds', 'Before one that says it is ready is believed'],
  ['progressDeadlineSeconds', 'Given up after, seconds', 'Without progress; the old ones go on'],
] as const

/** How old instances make way for new ones. */
export function ReplaceFields({ saved, value, set, problem }: ServicePartProps) {
  const deployment = value.deployment ?? {}
  const change = (part: Deployment): void => set({ deployment: { ...deployment, ...part } })
  return (
    <>
      <Select
        label="In which order"
        allowDeselect={false}
        data={WAYS}
        value={deployment.strategy?.type ?? 'rollout-steady'}
        onChange={(way) => {
          const type = WAYS.find((one) => one.value === way)?.value ?? 'rollout-steady'
          change({
            strategy: type === 'custom' ? { type, settings: { maxSurge: 1, maxUnavailable: 0 } } : { type },
          })
        }}
      />
      {deployment.strategy?.type === 'custom' && (
        <RoomFields
          value={deployment.strategy.settings ?? {}}
          problem={problem}
          set={(settings) => change({ strategy: { type: 'custom', settings } })}
        />
      )}
      <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="sm">
        {TIMES.map(([field, label, description]) => (
          <NumberField
            key={field}
            label={label}
            description={description}
            value={deployment[field]}
            saved={saved.deployment?.[field]}
            error={problem(`deployment.${field}`)}
            set={(seconds) => change({ [field]: seconds })}
          />
        ))}
      </SimpleGrid>
    </>
  )
}

type Room = NonNullable<NonNullable<Deployment['strategy']>['settings']>
type RoomFieldsProps = { value: Room; set(value: Room): void; problem(field: string): string | undefined }

const ROOM = [
  ['maxSurge', 'More meanwhile'],
  ['maxUnavailable', 'Fewer meanwhile'],
] as const

function RoomFields({ value, set, problem }: RoomFieldsProps) {
  return (
    <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="sm">
      {ROOM.map(([field, label]) => (
        <TextInput
          key={field}
          label={label}
          description="A number, or a share such as 25%"
          value={String(value[field] ?? '')}
          error={problem(`deployment.strategy.settings.${field}`)}
          onChange={(event) => set({ ...value, [field]: numberOrShare(event.currentTarget.value) })}
        />
      ))}
    </SimpleGrid>
  )
}

const numberOrShare = (text: string): number | string => (/^\d+$/.test(text) ? Number(text) : text)
