import { Button, Input, Stack } from '@mantine/core'
import { IconPlus } from '@tabler/icons-react'
import { useState } from 'react'
import { type VariableRow, VariableRows, withNewRow } from './variable-rows.tsx'

type NewVariablesProps = {
  label: string
  description: string
  problem: string | undefined
  /** Those that have a name. */
  set(variables: Record<string, string>): void
}

/** Variables to be written from nothing, as a part of a form. */
export function NewVariables({ label, description, problem, set }: NewVariablesProps) {
  const [rows, setRows] = useState<VariableRow[]>([])
  const write = (next: VariableRow[]): void => {
    setRows(next)
    set(Object.fromEntries(next.filter(({ name }) => name !== '').map(({ name, value }) => [name, value])))
  }
  return (
    <Input.Wrapper label={label} description={description} error={problem} labelElement="div">
      <Stack gap="xs" mt={6} align="stretch">
        <VariableRows rows={rows} set={write} />
        <Button
          size="xs"
          variant="default"
          leftSection={<IconPlus size={14} />}
          style={{ alignSelf: 'flex-start' }}
          onClick={() => write(withNewRow(rows))}
        >
          Add a variable
        </Button>
      </Stack>
    </Input.Wrapper>
  )
}
