import { listRegistries } from '@fairway/contract/routes/registries'
import { Select, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { read } from '../../api/queries.ts'
import { WHOLE_LIST } from '../../api/whole-list.ts'
import type { Source } from './deploy-dialog.tsx'

type Image = NonNullable<Source['external']>
type DeployImageFieldsProps = {
  value: Image
  set(value: Image): void
  problem(field: string): string | undefined
}

/** An image with its tag, whose credentials are used, and which later versions are taken. */
export function DeployImageFields(props: DeployImageFieldsProps) {
  const { value, set, problem } = props
  const registries = useQuery(read(listRegistries, { query: WHOLE_LIST })).data?.registries ?? []
  return (
    <>
      <TextInput
        label="Image and tag"
        placeholder="registry.example.com/team/app:1.4.2"
        withAsterisk
        value={value.imagePath}
        error={problem('external.imagePath')}
        onChange={(event) => set({ ...value, imagePath: event.currentTarget.value.trim() })}
      />
      <Select
        label="Credentials of the registry"
        description="Saved ones of the team"
        allowDeselect={false}
        data={[
          { value: '', label: 'None: the image is public' },
          ...registries.map(({ id, name, registryUrl }) => ({ value: id, label: `${name}: ${registryUrl}` })),
        ]}
        value={value.credentials ?? ''}
        error={problem('external.credentials')}
        onChange={(id) => set({ ...without(value, 'credentials'), ...(id && { credentials: id }) })}
      />
      <FollowFields {...props} />
    </>
  )
}

const FOLLOWS = [
  { value: 'none', label: 'Not by themselves' },
  { value: 'tag', label: 'Whatever a tag points at' },
  { value: 'semver', label: 'The highest version in a range' },
] as const

function FollowFields({ value, set, problem }: DeployImageFieldsProps) {
  const { follow } = value
  const way = follow === undefined ? 'none' : 'semver' in follow ? 'semver' : 'tag'
  const rest = without(value, 'follow')
  return (
    <>
      <Select
        label="Later versions are deployed"
        allowDeselect={false}
        data={FOLLOWS}
        value={way}
        onChange={(next) => {
          if (next === 'none') set(rest)
          else set({ ...rest, follow: next === 'tag' ? { tag: 'latest' } : { semver: '^1.0.0' } })
        }}
      />
      {way !== 'none' && (
        <TextInput
          label={way === 'tag' ? 'Tag' : 'Range of versions'}
          description={way === 'tag' ? undefined : 'For instance ^1.2 or >=2.0.0 <3'}
          withAsterisk
          value={follow?.[way] ?? ''}
          error={problem(`external.follow.${way}`) ?? problem('external.follow')}
          onChange={(event) => set({ ...rest, follow: { [way]: event.currentTarget.value.trim() } })}
        />
      )}
    </>
  )
}

function without<K extends keyof Image>(value: Image, field: K): Omit<Image, K> {
  const { [field]: _gone, ...rest } = value
  return rest
}
