import { getProject } from '@fairway/contract/routes/projects'
import { listRegistries } from '@fairway/contract/routes/registries'
import { Fieldset, Group, SegmentedControl, Select, Stack, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { read } from '../../api/queries.ts'
import { WHOLE_LIST } from '../../api/whole-list.ts'
import { BuildSelect } from './build-select.tsx'
import type { Origin, ReleaseOverride, ReleaseTarget } from './run-choices.ts'

type ReleaseOverrideProps = {
  projectId: string
  target: ReleaseTarget
  value: ReleaseOverride | undefined
  error: string | undefined
  onChange: (value: ReleaseOverride | undefined) => void
}

type OriginProps = {
  projectId: string
  origin: Origin
  error: string | undefined
  onChange: (origin: Origin) => void
}

/** What one target gets instead of what the flow says, for this run only. */
export function ReleaseOverrideField({ projectId, target, value, error, onChange }: ReleaseOverrideProps) {
  const origin = value?.origin ?? {}
  const written = target.type === 'build' ? target.origin.id : undefined
  const source = typeof written === 'string' && !written.includes('${') ? written : ''
  const choose = (type: string): void => {
    if (type === 'flow') onChange(undefined)
    else
      onChange({
        type: type as ReleaseOverride['type'],
        origin: type === 'build' && source !== '' ? { id: source } : {},
      })
  }
  const common = { projectId, origin, error }
  return (
    <Fieldset legend={`Release to ${target.id}`} p="xs">
      <Stack gap="xs">
        <SegmentedControl
          size="xs"
          aria-label={`What ${target.id} gets`}
          value={value?.type ?? 'flow'}
          onChange={choose}
          data={[
            { value: 'flow', label: 'As the flow says' },
            { value: 'build', label: 'A build' },
            { value: 'registry', label: 'An image' },
          ]}
        />
        {value?.type === 'build' && (
          <BuildOrigin {...common} onChange={(next) => onChange({ type: 'build', origin: next })} />
        )}
        {value?.type === 'registry' && (
          <ImageOrigin {...common} onChange={(next) => onChange({ type: 'registry', origin: next })} />
        )}
      </Stack>
    </Fieldset>
  )
}

function BuildOrigin({ projectId, origin, error, onChange }: OriginProps) {
  const project = useQuery(read(getProject, { params: { projectId } }))
  const builders = (project.data?.services ?? []).filter(({ serviceType }) => serviceType !== 'deployment')
  const { id = '', build = '' } = origin
  return (
    <Group grow align="flex-start">
      <Select
        label="Built by"
        placeholder="Choose a service"
        error={id === '' ? error : undefined}
        data={[...new Set([...builders.map((one) => one.id), id].filter(Boolean))]}
        value={id === '' ? null : id}
        onChange={(next) => onChange(next === null ? {} : { id: next })}
      />
      {id !== '' && (
        <BuildSelect
          projectId={projectId}
          source={id}
          label="Build"
          value={build}
          error={error}
          onChange={(next) => onChange(next === undefined ? { id } : { id, build: next.id })}
        />
      )}
    </Group>
  )
}

function ImageOrigin({ origin, error, onChange }: OriginProps) {
  const registries = useQuery(read(listRegistries, { query: WHOLE_LIST }))
  const change = (part: Origin): void => onChange({ ...origin, ...part })
  return (
    <Group grow align="flex-start">
      <TextInput
        label="Image"
        placeholder="registry.example.com/team/app:1.4.2"
        value={origin.imagePath ?? ''}
        error={error}
        onChange={(event) => change({ imagePath: event.currentTarget.value })}
      />
      <Select
        label="Credentials"
        placeholder="None"
        clearable
        data={(registries.data?.registries ?? []).map(({ id, name }) => ({ value: id, label: name }))}
        value={origin.credentials ?? null}
        onChange={(credentials) => change({ credentials: credentials ?? '' })}
      />
    </Group>
  )
}
