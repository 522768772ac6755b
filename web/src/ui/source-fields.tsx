import type { externalSource, internalSource } from '@fairway/contract/resources/deployment'
import { listRegistries } from '@fairway/contract/routes/registries'
import { listServices } from '@fairway/contract/routes/services'
import { Select, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import type { z } from 'zod'
import { read } from '../api/queries.ts'
import { WHOLE_LIST } from '../api/whole-list.ts'

type Vcs = { projectUrl: string; projectBranch: string }

/** Where versions come from: one of them, or none. */
export type Source = {
  internal?: z.input<typeof internalSource> | undefined
  external?: z.input<typeof externalSource> | undefined
  vcs?: Vcs | undefined
}

type SourceFieldsProps = {
  projectId: string
  value: Source
  set(value: Source): void
  /** Of a field of the body: `deployment.external.imagePath`. */
  problem(field: string): string | undefined
  /** The fields of a repository of its own, where it may have one. */
  children?: ReactNode
}

/** The fields of a form that these fields show. */
export const SOURCE = [
  'deployment.internal.id',
  'deployment.internal.branch',
  'deployment.external.imagePath',
  'deployment.external.credentials',
] as const

const START = {
  none: {},
  git: { vcs: { projectUrl: '', projectBranch: 'main' } },
  // No service yet: the contract asks for one.
  build: { internal: { id: '' } },
  image: { external: { imagePath: '' } },
} as const satisfies Record<string, Source>

const LABELS = {
  git: 'A repository of its own',
  build: 'The builds of a service',
  image: 'An image',
  none: 'Nothing yet: a release or a person brings one',
} as const

type Kind = keyof typeof LABELS
const KINDS = Object.keys(LABELS) as Kind[]

/** Where a service or a job takes its versions from. */
export function SourceFields({ projectId, value, set, problem, children }: SourceFieldsProps) {
  const { internal, external } = value
  const kind = kindOf(value)
  return (
    <>
      <Select
        label="Versions come from"
        allowDeselect={false}
        data={KINDS.filter((one) => one !== 'git' || children !== undefined).map((one) => ({
          value: one,
          label: LABELS[one],
        }))}
        value={kind}
        onChange={(chosen) => set(START[KINDS.find((one) => one === chosen) ?? 'none'])}
      />
      {kind === 'git' && children}
      {internal !== undefined && (
        <BuildFields
          projectId={projectId}
          value={internal}
          problem={problem}
          set={(next) => set({ internal: next })}
        />
      )}
      {external !== undefined && (
        <ImageFields value={external} problem={problem} set={(next) => set({ external: next })} />
      )}
    </>
  )
}

function kindOf({ vcs, internal, external }: Source): Kind {
  if (vcs !== undefined) return 'git'
  if (internal !== undefined) return 'build'
  return external === undefined ? 'none' : 'image'
}

type PartProps<T> = { value: T; set(value: T): void; problem(field: string): string | undefined }

function BuildFields({
  projectId,
  value,
  set,
  problem,
}: PartProps<NonNullable<Source['internal']>> & { projectId: string }) {
  const services = useQuery(read(listServices, { params: { projectId }, query: WHOLE_LIST }))
  const builders = (services.data?.services ?? []).filter(({ serviceType }) => serviceType !== 'deployment')
  return (
    <>
      <Select
        label="Service that builds"
        placeholder={services.isPending ? 'Loading' : 'Choose one'}
        withAsterisk
        searchable
        allowDeselect={false}
        nothingFoundMessage="No build or combined service of that name in this project"
        data={builders.map(({ id }) => id)}
        value={value.id || null}
        error={problem('deployment.internal.id')}
        onChange={(id) => set({ ...value, id: id ?? '' })}
      />
      <TextInput
        label="Branch"
        description="Left empty: the newest build of any branch"
        value={value.branch ?? ''}
        error={problem('deployment.internal.branch')}
        onChange={(event) => set(withText(value, 'branch', event.currentTarget.value))}
      />
    </>
  )
}

function ImageFields({ value, set, problem }: PartProps<NonNullable<Source['external']>>) {
  const registries = useQuery(read(listRegistries, { query: WHOLE_LIST })).data?.registries ?? []
  return (
    <>
      <TextInput
        label="Image"
        placeholder="registry.example.com/team/app:1.4.2"
        withAsterisk
        value={value.imagePath}
        error={problem('deployment.external.imagePath')}
        onChange={(event) => set({ ...value, imagePath: event.currentTarget.value.trim() })}
      />
      {registries.length > 0 && (
        <Select
          label="Credentials of the registry"
          allowDeselect={false}
          data={[
            { value: '', label: 'None' },
            ...registries.map(({ id, name, registryUrl }) => ({
              value: id,
              label: `${name}: ${registryUrl}`,
            })),
          ]}
          value={value.credentials ?? ''}
          error={problem('deployment.external.credentials')}
          onChange={(id) => set(withText(value, 'credentials', id ?? ''))}
        />
      )}
    </>
  )
}

/** An empty text is none. */
function withText<T extends object, K extends keyof T>(value: T, field: K, text: string): T {
  const { [field]: _before, ...rest } = value
  return (text === '' ? rest : { ...rest, [field]: text }) as T
}
