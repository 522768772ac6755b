import type { FlowDocument } from '@fairway/contract/flow'
import { serviceBuilds, serviceLogs } from '@fairway/contract/routes/builds'
import { Autocomplete, Fieldset, Group, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { read } from '../../api/queries.ts'
import { WHOLE_LIST } from '../../api/whole-list.ts'
import { BuildSelect, builderOf } from './build-select.tsx'

type RichInput = NonNullable<FlowDocument['richInputs']>[number]
type Values = Readonly<Record<string, string>>

type RichInputProps = {
  projectId: string
  input: RichInput
  values: Values
  /** What the document says of the arguments that are left empty. */
  defaults: Readonly<Record<string, unknown>>
  problems: Readonly<Record<string, string>>
  /** The arguments that were filled. */
  onChange: (values: Values) => void
}

/** A picker that the document asks for: its choice goes into the arguments that it names. */
export function RichInputField(props: RichInputProps) {
  const { input, problems } = props
  const { title, description, outputs, required = false } = input.spec
  const legend = title ?? (input.kind === 'BuildSelector' ? 'Build' : 'Branch and commit')
  if (input.kind === 'BranchCommitSelector') return <BranchCommit {...props} legend={legend} />
  const names = Object.values(outputs).filter((name) => name !== undefined)
  return (
    <div>
      <BuildSelect
        projectId={props.projectId}
        source={input.spec.inputs.source}
        label={legend}
        required={required}
        error={names.map((name) => problems[name]).find((problem) => problem !== undefined)}
        value={props.values[outputs.buildId ?? ''] ?? ''}
        onChange={(build) =>
          props.onChange(
            outputsOf(outputs, { branch: build?.branch, buildSha: build?.sha, buildId: build?.id }),
          )
        }
      />
      {description !== undefined && (
        <Text size="xs" c="dimmed">
          {description}
        </Text>
      )}
    </div>
  )
}

type Outputs = RichInput['spec']['outputs']

/** Pure. Picked values by the names of their arguments; what was not picked empties its argument. */
function outputsOf(
  outputs: Outputs,
  picked: { branch?: string | undefined; buildSha?: string | undefined; buildId?: string | undefined },
): Record<string, string> {
  const fields = ['branch', 'buildSha', 'buildId'] as const
  return Object.fromEntries(
    fields.flatMap((field) => {
      const name = outputs[field]
      return name === undefined ? [] : [[name, picked[field] ?? '']]
    }),
  )
}

function BranchCommit({
  projectId,
  input,
  values,
  defaults,
  problems,
  onChange,
  legend,
}: RichInputProps & { legend: string }) {
  const { inputs, outputs, description, required = false } = input.spec
  const params = builderOf(projectId, inputs.source)
  const branches = useQuery(read(serviceLogs.branches, { params, query: WHOLE_LIST }))
  const builds = useQuery(read(serviceBuilds.list, { params, query: WHOLE_LIST }))
  const branch = values[outputs.branch ?? ''] ?? ''
  const usual = String(defaults[outputs.branch ?? ''] ?? '')
  const shown = branch === '' ? usual : branch
  const sha = values[outputs.buildSha ?? ''] ?? ''
  const known = branches.data?.branches ?? []
  const tips = known.filter(({ name }) => shown === '' || name === shown)
  const built = (builds.data?.builds ?? []).filter((build) => shown === '' || build.branch === shown)
  const messages = new Map(built.map((build) => [build.sha, build.message?.split('\n')[0]]))
  const commits = [...tips.map(({ commit }) => commit.sha), ...built.flatMap((build) => build.sha ?? [])]
  const tipOf = (name: string): string => known.find((one) => one.name === name)?.commit.sha ?? ''
  return (
    <Fieldset legend={legend} p="xs">
      {description !== undefined && (
        <Text size="xs" c="dimmed">
          {description}
        </Text>
      )}
      <Group grow align="flex-start">
        <Autocomplete
          label="Branch"
          withAsterisk={required}
          placeholder={usual}
          data={known.map(({ name }) => name)}
          value={branch}
          error={
            problems[outputs.branch ?? ''] ?? (branches.isError ? 'The branches cannot be read.' : undefined)
          }
          onChange={(name) => onChange(outputsOf(outputs, { branch: name, buildSha: tipOf(name) || sha }))}
        />
        {outputs.buildSha !== undefined && (
          <Autocomplete
            label="Commit"
            withAsterisk={required}
            placeholder="40 hexadecimal digits"
            data={[...new Set(commits)]}
            renderOption={({ option }) =>
              [option.value.slice(0, 12), messages.get(option.value)].filter(Boolean).join(' · ')
            }
            value={sha}
            error={problems[outputs.buildSha]}
            onChange={(next) => onChange(outputsOf(outputs, { branch, buildSha: next }))}
          />
        )}
      </Group>
    </Fieldset>
  )
}
