import { ActionIcon, Group, PasswordInput, TextInput } from '@mantine/core'
import { IconTrash } from '@tabler/icons-react'

export type VariableRow = { key: number; name: string; value: string }
type VariableRowsProps = { rows: readonly VariableRow[]; set(rows: VariableRow[]): void }

/** Names and values to be written; values are masked until looked at one by one. */
export function VariableRows({ rows, set }: VariableRowsProps) {
  const change = (key: number, part: Partial<VariableRow>): void =>
    set(rows.map((row) => (row.key === key ? { ...row, ...part } : row)))
  return rows.map(({ key, name, value }) => (
    <Group key={key} wrap="nowrap" gap="xs" align="flex-start">
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
        autoComplete="off"
        onChange={(event) => change(key, { value: event.currentTarget.value })}
        style={{ flex: 2 }}
      />
      <ActionIcon
        variant="subtle"
        color="red"
        size="lg"
        aria-label={`Remove ${name}`}
        onClick={() => set(rows.filter((row) => row.key !== key))}
      >
        <IconTrash size={16} />
      </ActionIcon>
    </Group>
  ))
}

/** The rows and an empty one. Pure. */
export const withNewRow = (rows: readonly VariableRow[]): VariableRow[] => [
  ...rows,
  { key: Math.max(-1, ...rows.map(({ key }) => key)) + 1, name: '', value: '' },
]
