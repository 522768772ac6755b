import { ActionIcon, Alert, Button, Group, PasswordInput, Stack, TextInput } from '@mantine/core'
import { IconPlus, IconTrash } from '@tabler/icons-react'
import { useState } from 'react'

type Row = { key: number; name: string; value: string }
type VariableEditorProps = {
  variables: Readonly<Record<string, string>>
  saving: boolean
  onSave: (variables: Record<string, string>) => void
}

/** Names and values, masked until looked at one by one. */
export function VariableEditor({ variables, saving, onSave }: VariableEditorProps) {
  const [rows, setRows] = useState<Row[]>(() =>
    Object.entries(variables).map(([name, value], key) => ({ key, name, value })),
  )
  const problem = problemOf(rows)
  const change = (key: number, next: Partial<Row>) =>
    setRows(rows.map((row) => (row.key === key ? { ...row, ...next } : row)))
  return (
    <Stack gap="xs">
      {rows.map(({ key, name, value }) => (
        <Group key={key} wrap="nowrap" align="flex-start">
          <TextInput
            aria-label="Name"
            placeholder="NAME"
            value={name}
            onChange={(event) => change(key, { name: event.currentTarget.value })}
            style={{ flex: 1 }}
          />
          <PasswordInput
            aria-label={`Value of ${name}`}
            value={value}
            onChange={(event) => change(key, { value: event.currentTarget.value })}
            autoComplete="off"
            style={{ flex: 2 }}
          />
          <ActionIcon
            variant="subtle"
            color="red"
            size="lg"
            aria-label={`Remove ${name}`}
            onClick={() => setRows(rows.filter((row) => row.key !== key))}
          >
            <IconTrash size={16} />
          </ActionIcon>
        </Group>
      ))}
      {problem !== undefined && (
        <Alert color="red" role="alert">
          {problem}
        </Alert>
      )}
      <Group>
        <Button
          variant="default"
          leftSection={<IconPlus size={16} />}
          onClick={() =>
            setRows([...rows, { key: Math.max(-1, ...rows.map((row) => row.key)) + 1, name: '', value: '' }])
          }
        >
          Add a variable
        </Button>
        <Button
          disabled={problem !== undefined}
          loading={saving}
          onClick={() => onSave(Object.fromEntries(rows.map(({ name, value }) => [name, value])))}
        >
          Save
        </Button>
      </Group>
    </Stack>
  )
}

/** Why these rows cannot be saved; pure. */
export function problemOf(rows: readonly Pick<Row, 'name'>[]): string | undefined {
  const names = rows.map(({ name }) => name)
  const bad = names.find((name) => !/^[A-Za-z_][A-Za-z0-9_.-]*$/.test(name))
  if (bad !== undefined)
    return `"${bad}" cannot be a name: begin with a letter or _, go on with letters, digits and _.`
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  return twice === undefined ? undefined : `"${twice}" is there twice.`
}
