import type { buildConfiguration } from '@fairway/contract/resources/build-settings'
import { TagsInput } from '@mantine/core'
import type { z } from 'zod'

type Rules = Pick<z.input<typeof buildConfiguration>, 'branchRestrictions' | 'prRestrictions'>

type BuildRuleFieldsProps = {
  value: Rules
  set(change: Rules): void
  problem(field: string): string | undefined
}

/** Which pushes and pull requests a build service builds. */
export function BuildRuleFields({ value, set, problem }: BuildRuleFieldsProps) {
  return (
    <>
      <TagsInput
        label="Branches that are built"
        description="Names, or patterns such as release/*; enter adds one"
        value={value.branchRestrictions ?? ['master', 'main']}
        error={problem('buildConfiguration.branchRestrictions')}
        onChange={(branchRestrictions) => set({ branchRestrictions })}
      />
      <TagsInput
        label="Pull requests that are built"
        description="By the branch they come from; * is all of them, nothing is none"
        value={value.prRestrictions ?? ['*']}
        error={problem('buildConfiguration.prRestrictions')}
        onChange={(prRestrictions) => set({ prRestrictions })}
      />
    </>
  )
}
