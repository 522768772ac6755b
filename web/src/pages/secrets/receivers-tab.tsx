import { getProject } from '@fairway/contract/routes/projects'
import { patchSecret, type SecretGroupView, secretGroupPatch } from '@fairway/contract/routes/secrets'
import { listTags } from '@fairway/contract/routes/tags'
import {
  Alert,
  Button,
  MultiSelect,
  NumberInput,
  SegmentedControl,
  Select,
  Stack,
  Switch,
} from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { call } from '../../api/client.ts'
import { read } from '../../api/queries.ts'
import { useAction } from '../../api/use-action.ts'
import { useMay } from '../../api/use-permission.ts'
import { WHOLE_LIST } from '../../api/whole-list.ts'
import { type BodyForm, useBody } from '../../ui/use-body.ts'
import { SCOPES } from './scopes.ts'

type Form = BodyForm<typeof secretGroupPatch>
type Restrictions = SecretGroupView['restrictions']

/** Which services and jobs receive a group, when, and what wins. */
export function ReceiversTab({ group }: { group: SecretGroupView }) {
  const { secretType, priority, restrictions } = group
  return <Receivers key={JSON.stringify([secretType, priority, restrictions])} group={group} />
}

function Receivers({ group }: { group: SecretGroupView }) {
  const { projectId, id, secretType, priority, restrictions } = group
  const form = useBody(secretGroupPatch, { secretType, priority, restrictions })
  const mayWrite = useMay('write')
  const save = useAction({
    run: (body: Form['value']) => call(patchSecret, { params: { projectId, secretId: id }, body }),
    refresh: ['projects', projectId],
    done: 'Saved. Nothing restarts; it counts for what starts from now on.',
  })
  const { value, set, problem } = form
  return (
    <Stack maw={620}>
      {!mayWrite && <Alert>Your token may look at this, not change it.</Alert>}
      <Select
        label="Received"
        data={SCOPES}
        allowDeselect={false}
        disabled={!mayWrite}
        value={value.secretType ?? 'environment'}
        onChange={(next) => set({ secretType: next as 'environment' })}
      />
      <NumberInput
        label="Priority"
        description="Where two groups hold the same name, the one with the higher priority wins. A resource's own value always wins."
        min={0}
        max={100}
        disabled={!mayWrite}
        value={value.priority ?? ''}
        error={problem('priority')}
        onChange={(next) => set({ priority: next === '' ? undefined : Number(next) })}
      />
      <RestrictionFields projectId={projectId} form={form} disabled={!mayWrite} />
      {mayWrite && (
        <Button
          style={{ alignSelf: 'flex-start' }}
          loading={save.isPending}
          onClick={() => {
            const body = form.check()
            if (body !== undefined) save.mutate(body)
          }}
        >
          Save
        </Button>
      )}
    </Stack>
  )
}

type FieldsProps = { projectId: string; form: Form; disabled: boolean }

function RestrictionFields({ projectId, form: { value, set }, disabled }: FieldsProps) {
  const restrictions = value.restrictions as Restrictions
  const change = (next: Partial<Restrictions>) => set({ restrictions: { ...restrictions, ...next } })
  return (
    <>
      <Switch
        label="Only some services and jobs receive it"
        checked={restrictions.restricted}
        disabled={disabled}
        onChange={(event) => change({ restricted: event.currentTarget.checked })}
      />
      {restrictions.restricted && (
        <>
          <ResourceField
            projectId={projectId}
            objects={restrictions.nfObjects}
            disabled={disabled}
            onChange={(nfObjects) => change({ nfObjects })}
          />
          <TagField restrictions={restrictions} disabled={disabled} onChange={change} />
        </>
      )}
    </>
  )
}

type ResourceFieldProps = {
  projectId: string
  objects: Restrictions['nfObjects']
  disabled: boolean
  onChange: (objects: Restrictions['nfObjects']) => void
}

function ResourceField({ projectId, objects, disabled, onChange }: ResourceFieldProps) {
  const { data } = useQuery(read(getProject, { params: { projectId } }))
  const optionsOf = (type: 'service' | 'job', resources: readonly { id: string; name: string }[] = []) =>
    resources.map(({ id, name }) => ({ value: `${type}/${id}`, label: name }))
  return (
    <MultiSelect
      label="These services and jobs"
      searchable
      disabled={disabled}
      data={[
        { group: 'Services', items: optionsOf('service', data?.services) },
        { group: 'Jobs', items: optionsOf('job', data?.jobs) },
      ]}
      value={objects.map(({ type, id }) => `${type}/${id}`)}
      onChange={(values) =>
        onChange(
          values.map((value) => {
            const [type = 'service', id = ''] = value.split('/')
            return { type: type as 'service' | 'job', id }
          }),
        )
      }
    />
  )
}

type TagFieldProps = {
  restrictions: Restrictions
  disabled: boolean
  onChange: (change: Partial<Restrictions>) => void
}

function TagField({ restrictions: { tags, tagMatchCondition }, disabled, onChange }: TagFieldProps) {
  const { data } = useQuery(read(listTags, { query: WHOLE_LIST }))
  return (
    <>
      <MultiSelect
        label="And what has these tags"
        searchable
        disabled={disabled}
        data={[...new Set([...(data?.tags.map(({ id }) => id) ?? []), ...tags])]}
        value={tags}
        onChange={(next) => onChange({ tags: next })}
      />
      {tags.length > 1 && (
        <SegmentedControl
          aria-label="How many of the tags"
          disabled={disabled}
          value={tagMatchCondition}
          data={[
            { value: 'or', label: 'any of them' },
            { value: 'and', label: 'all of them' },
          ]}
          onChange={(next) => onChange({ tagMatchCondition: next as 'or' | 'and' })}
          style={{ alignSelf: 'flex-start' }}
        />
      )}
    </>
  )
}
