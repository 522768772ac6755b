import { Button, Group, Text, TextInput } from '@mantine/core'
import { useState } from 'react'

type Values = Record<string, unknown>
type ArgumentsFormProps = { value: Values; onChange: (value: Values) => void }

const NAME = /^[A-Za-z_][A-Za-z0-9_-]{0,199}$/

/** What runs are given, with what each is when a run does not say. */
export function ArgumentsForm({ value, onChange }: ArgumentsFormProps) {
  const [name, setName] = useState('')
  const problem = problemOf(name, value)
  const add = (): void => {
    onChange({ ...value, [name]: '' })
    setName('')
  }
  return (
    <>
      <Text size="sm" c="dimmed">
        Read as {'${args.NAME}'}. One without a value must be given by the run.
      </Text>
      {Object.entries(value).map(([argument, fallback]) => (
        <Group key={argument} align="flex-end" wrap="nowrap">
          <TextInput
            flex={1}
            label={argument}
            placeholder="The run must give it"
            value={typeof fallback === 'string' ? fallback : JSON.stringify(fallback)}
            onChange={(event) =>
              onChange({ ...value, [argument]: typed(event.currentTarget.value, fallback) })
            }
          />
          <Button
            variant="default"
            aria-label={`Remove ${argument}`}
            onClick={() => {
              const { [argument]: _gone, ...rest } = value
              onChange(rest)
            }}
          >
            Remove
          </Button>
        </Group>
      ))}
      <Group align="flex-end" wrap="nowrap">
        <TextInput
          flex={1}
          label="New argument"
          placeholder="NAME"
          value={name}
          error={name === '' ? undefined : problem}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <Button
          variant="default"
          disabled={problem !== undefined}
          onClick={add}
          aria-label="Add the argument"
        >
          Add
        </Button>
      </Group>
    </>
  )
}

function problemOf(name: string, value: Values): string | undefined {
  if (!NAME.test(name)) return 'must be a name of letters, digits, _ and -'
  return Object.hasOwn(value, name) ? 'is there already' : undefined
}

/** A list or number stays one while it can be read as such. */
function typed(text: string, before: unknown): unknown {
  if (typeof before === 'string') return text
  try {
    return JSON.parse(text)
  } catch {
    // Then it is text from now on, as it stands in the field.
    return text
  }
}
