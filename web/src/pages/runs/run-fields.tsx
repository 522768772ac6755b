import { isGitTrigger } from '@fairway/contract/flow'
import { Fieldset, Group, Stack, TextInput } from '@mantine/core'
import { ReleaseOverrideField } from './release-override.tsx'
import { RichInputField } from './rich-inputs.tsx'
import { type Choices, type RunnableFlow, releaseTargets, richArguments } from './run-choices.ts'
import type { PlacedProblems } from './run-problems.ts'

type RunFieldsProps = {
  projectId: string
  flow: RunnableFlow
  choices: Choices
  problems: PlacedProblems
  onChange: (part: Partial<Choices>) => void
}

/** Everything that a run of this flow can be told: its arguments, its pickers, and what to do instead. */
export function RunFields(props: RunFieldsProps) {
  const { projectId, flow, choices, problems, onChange } = props
  return (
    <Stack gap="sm">
      {(flow.richInputs ?? []).map((input) => (
        <RichInputField
          key={JSON.stringify(input.spec.outputs)}
          projectId={projectId}
          input={input}
          values={choices.arguments}
          defaults={flow.arguments}
          problems={problems.arguments}
          onChange={(picked) => onChange({ arguments: { ...choices.arguments, ...picked } })}
        />
      ))}
      <Arguments {...props} />
      <Triggers {...props} />
      {releaseTargets(flow.spec).map((target) => (
        <ReleaseOverrideField
          key={target.id}
          projectId={projectId}
          target={target}
          value={choices.releases[target.id]}
          error={problems.releases[target.id]}
          onChange={(value) => {
            const { [target.id]: _old, ...others } = choices.releases
            onChange({ releases: value === undefined ? others : { ...others, [target.id]: value } })
          }}
        />
      ))}
    </Stack>
  )
}

function Arguments({ flow, choices, problems, onChange }: RunFieldsProps) {
  const rich = richArguments(flow)
  const sealed = new Set(flow.argumentOverrideNames)
  const names = [...new Set([...Object.keys(flow.arguments), ...sealed])].filter((name) => !rich.has(name))
  return names.map((name) => {
    const fallback = flow.arguments[name]
    return (
      <TextInput
        key={name}
        label={name}
        placeholder={sealed.has(name) ? 'Set by the flow, and not shown' : textOf(fallback)}
        withAsterisk={fallback === '' && !sealed.has(name)}
        value={choices.arguments[name] ?? ''}
        error={problems.arguments[name]}
        onChange={(event) =>
          onChange({ arguments: { ...choices.arguments, [name]: event.currentTarget.value } })
        }
      />
    )
  })
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value ?? ''))

/** For a flow that reads what its git trigger saw: a run by hand can say it. */
function Triggers({ flow, choices, problems, onChange }: RunFieldsProps) {
  const triggers = (flow.triggers ?? []).filter(isGitTrigger)
  return triggers.map(({ ref, repoUrl }) => {
    if (ref === undefined) return null
    const given = choices.triggers[ref] ?? {}
    const change = (part: Record<string, string>): void =>
      onChange({ triggers: { ...choices.triggers, [ref]: { ...given, ...part } } })
    return (
      <Fieldset key={ref} legend={`As if pushed: ${ref}`} p="xs" title={repoUrl}>
        <Group grow align="flex-start">
          <TextInput
            label="Branch"
            value={given.branch ?? ''}
            error={problems.triggers[ref]}
            onChange={(event) => change({ branch: event.currentTarget.value })}
          />
          <TextInput
            label="Commit"
            value={given.sha ?? ''}
            onChange={(event) => change({ sha: event.currentTarget.value })}
          />
        </Group>
      </Fieldset>
    )
  })
}
