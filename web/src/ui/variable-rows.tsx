import { ActionIcon, Button, Group, Input, PasswordInput, Stack, TextInput } from '@mantine/core'
import { IconPlus, IconTrash } from '@tabler/icons-react'
import { useState } from 'react'

type Row = { key: number; name: string; value: string }
type VariableRowsProps = {
  label: string
  description: string
  problem: string | undefined
  /** Those that have a name. */
  set(variables: Record<string, string>): void
}

/** Variables to be written from nothing; values are masked until looked at. */
export function VariableRows({ label, description, problem, set }: VariableRowsProps) {
  const [rows, setRows] = useState<readonly Row[]>([])
  const write = (next: readonly Row[]): void => {
    setRows(next)
    set(Object.fromEntries(next.filter(({ name }) => name !== '').map(({ name, value }) => [name, value])))
  }
  const change = (key: number, part: Partial<Row>): void =>
    write(rows.map((row) => (row.key === key ? { ...row, ...part } : row)))
  return (
    <Input.Wrapper label={label} description={description} error={problem} labelElement="div">
      <Stack gap="xs" mt={6} align="stretch">
        {rows.map(({ key, name, value }) => (
          <Group key={key} wrap="nowrap" gap="xs">
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
              onClick={() => write(rows.filter((row) => row.key !== key))}
            >
              <IconTrash size={16} />
            </ActionIcon>
          </Group>
        ))}
        <Button
          size="xs"
          variant="default"
          leftSection={<IconPlus size={14} />}
          style={{ alignSelf: 'flex-start' }}
          onClick={() =>
            write([...rows, { key: Math.max(-1, ...rows.map(({ key }) => key)) + 1, name: '', value: '' }])
          }
        >
          Add a variable
        </Button>
      </Stack>
    </Input.Wrapper>
  )
}
