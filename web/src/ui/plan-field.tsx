import { type PlanName, planNames, plans } from '@fairway/contract/resources/plans'
import { Select } from '@mantine/core'

type PlanFieldProps = {
  label: string
  description?: string
  value: PlanName | undefined
  /** What no plan means, where none may be chosen. */
  none?: string
  problem: string | undefined
  set(plan: PlanName | undefined): void
}

const NONE = ''
const LABELED = planNames.map((name) => ({ value: name, label: `${name}: ${sizeOf(name)}` }))

/** How much CPU and memory something may use. */
export function PlanField({ label, description, value, none, problem, set }: PlanFieldProps) {
  return (
    <Select
      label={label}
      description={description}
      placeholder="No limit"
      searchable
      allowDeselect={false}
      nothingFoundMessage="There is no such plan"
      data={none === undefined ? LABELED : [{ value: NONE, label: none }, ...LABELED]}
      value={value ?? (none === undefined ? null : NONE)}
      error={problem}
      onChange={(chosen) => set(planNames.find((name) => name === chosen))}
    />
  )
}

/** `0.2 CPU, 512 MB`. */
function sizeOf(name: PlanName): string {
  const { cpuMillis, memoryMb } = plans[name]
  return `${cpuMillis / 1000} CPU, ${memoryMb} MB`
}
