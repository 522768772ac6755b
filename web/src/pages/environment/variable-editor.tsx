import { Alert, Button, Group, Stack } from '@mantine/core'
import { IconPlus } from '@tabler/icons-react'
import { useState } from 'react'
import { type VariableRow, VariableRows, withNewRow } from '../../ui/variable-rows.tsx'

type VariableEditorProps = {
  variables: Readonly<Record<string, string>>
  saving: boolean
  onSave: (variables: Record<string, string>) => void
}

/** Names and values, masked until looked at one by one. */
export function VariableEditor({ variables, saving, onSave }: VariableEditorProps) {
  const [rows, setRows] = useState<VariableRow[]>(() =>
    Object.entries(variables).map(([name, value], key) => ({ key, name, value })),
  )
  const problem = problemOf(rows)
  return (
    <Stack gap="xs">
      <VariableRows rows={rows} set={setRows} />
      {problem !== undefined && (
        <Alert color="red" role="alert">
          {problem}
        </Alert>
      )}
      <Group>
        <Button
          variant="default"
          leftSection={<IconPlus size={16} />}
          onClick={() => setRows(withNewRow(rows))}
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
function problemOf(rows: readonly Pick<VariableRow, 'name'>[]): string | undefined {
  const names = rows.map(({ name }) => name)
  const bad = names.find((name) => !/^[A-Za-z_][A-Za-z0-9_.-]*$/.test(name))
  if (bad !== undefined)
    return `"${bad}" cannot be a name: begin with a letter or _, go on with letters, digits and _.`
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  return twice === undefined ? undefined : `"${twice}" is there twice.`
}
