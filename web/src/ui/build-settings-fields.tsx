import type { buildSettings } from '@fairway/contract/resources/build-settings'
import { Select, TextInput } from '@mantine/core'
import type { z } from 'zod'

type BuildSettings = z.input<typeof buildSettings>
type Way = 'found' | 'dockerfile' | 'buildpack'

type BuildSettingsFieldsProps = {
  value: BuildSettings
  /** Whether it was said how: then it is not found out any more. */
  isSaid?: boolean
  set(value: BuildSettings): void
  /** Of a field of the body that holds the settings: `buildSettings.dockerfile.dockerFilePath`. */
  problem(field: string): string | undefined
}

/** The fields of a form that these fields show. */
export const BUILD_SETTINGS = [
  'buildSettings.dockerfile.dockerFilePath',
  'buildSettings.dockerfile.dockerWorkDir',
  'buildSettings.buildpack.builder',
  'buildSettings.buildpack.buildContext',
] as const

const WAYS: { value: Way; label: string }[] = [
  { value: 'found', label: 'As found in the code' },
  { value: 'dockerfile', label: 'By a Dockerfile' },
  { value: 'buildpack', label: 'By buildpacks' },
]

/** How builds are made: found out from the code, by a Dockerfile, or by buildpacks. */
export function BuildSettingsFields({ value, isSaid = false, set, problem }: BuildSettingsFieldsProps) {
  const { dockerfile, buildpack } = value
  return (
    <>
      <Select
        label="How it is built"
        allowDeselect={false}
        data={WAYS.filter((way) => !isSaid || way.value !== 'found')}
        value={wayOf(value)}
        onChange={(way) => set(way === null || way === 'found' ? {} : { [way]: {} })}
      />
      {dockerfile !== undefined && (
        <>
          <TextInput
            label="Dockerfile"
            description="From the root of the repository"
            value={dockerfile.dockerFilePath ?? '/Dockerfile'}
            error={problem('buildSettings.dockerfile.dockerFilePath')}
            onChange={(event) =>
              set({ dockerfile: { ...dockerfile, dockerFilePath: event.currentTarget.value } })
            }
          />
          <ContextField
            value={dockerfile.dockerWorkDir}
            error={problem('buildSettings.dockerfile.dockerWorkDir')}
            set={(dockerWorkDir) => set({ dockerfile: { ...dockerfile, dockerWorkDir } })}
          />
        </>
      )}
      {buildpack !== undefined && (
        <>
          <TextInput
            label="Builder"
            description="Left empty: the one of this Fairway"
            value={buildpack.builder ?? ''}
            error={problem('buildSettings.buildpack.builder')}
            onChange={(event) => set({ buildpack: withBuilder(buildpack, event.currentTarget.value) })}
          />
          <ContextField
            value={buildpack.buildContext}
            error={problem('buildSettings.buildpack.buildContext')}
            set={(buildContext) => set({ buildpack: { ...buildpack, buildContext } })}
          />
        </>
      )}
    </>
  )
}

type ContextFieldProps = { value: string | undefined; error: string | undefined; set(path: string): void }

function ContextField({ value = '/', error, set }: ContextFieldProps) {
  return (
    <TextInput
      label="Build context"
      description="The folder that is built"
      value={value}
      error={error}
      onChange={(event) => set(event.currentTarget.value)}
    />
  )
}

function wayOf({ dockerfile, buildpack }: BuildSettings): Way {
  if (dockerfile !== undefined) return 'dockerfile'
  return buildpack === undefined ? 'found' : 'buildpack'
}

type Buildpack = NonNullable<BuildSettings['buildpack']>

/** An empty text is none. */
function withBuilder({ builder: _before, ...rest }: Buildpack, builder: string): Buildpack {
  return builder === '' ? rest : { ...rest, builder }
}
