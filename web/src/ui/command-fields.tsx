import type { docker } from '@fairway/contract/resources/deployment'
import { Select, TextInput } from '@mantine/core'
import type { z } from 'zod'

type Docker = z.input<typeof docker>
type ConfigType = NonNullable<Docker['configType']>

type CommandFieldsProps = {
  value: Docker
  /** What starts when nothing is replaced: `as the version says`. */
  unchanged: string
  problem(field: 'customEntrypoint' | 'customCommand'): string | undefined
  set(value: Docker): void
}

const FIELDS = {
  customEntrypoint: { label: 'Entrypoint', types: ['customEntrypoint', 'customEntrypointCustomCommand'] },
  customCommand: { label: 'Command', types: ['customCommand', 'customEntrypointCustomCommand'] },
} as const

/** What is started: entrypoint and command, as far as they are replaced. */
export function CommandFields({ value, unchanged, problem, set }: CommandFieldsProps) {
  const type = value.configType ?? 'default'
  const choices: { value: ConfigType; label: string }[] = [
    { value: 'default', label: unchanged },
    { value: 'customCommand', label: 'Another command' },
    { value: 'customEntrypoint', label: 'Another entrypoint' },
    { value: 'customEntrypointCustomCommand', label: 'Another entrypoint and command' },
  ]
  return (
    <>
      <Select
        label="What starts"
        allowDeselect={false}
        data={choices}
        value={type}
        onChange={(chosen) =>
          set({ ...value, configType: choices.find((choice) => choice.value === chosen)?.value ?? 'default' })
        }
      />
      {(['customEntrypoint', 'customCommand'] as const)
        .filter((field) => (FIELDS[field].types as readonly string[]).includes(type))
        .map((field) => (
          <TextInput
            key={field}
            label={FIELDS[field].label}
            description="Split into words as a shell does, and run without one"
            withAsterisk
            value={value[field] ?? ''}
            error={problem(field)}
            onChange={(event) => set(withText(value, field, event.currentTarget.value))}
          />
        ))}
    </>
  )
}

/** An empty text is none. */
function withText(value: Docker, field: 'customEntrypoint' | 'customCommand', text: string): Docker {
  const { [field]: _before, ...rest } = value
  return text === '' ? rest : { ...rest, [field]: text }
}
