import { updateReleaseFlow } from '@fairway/contract/routes/release-flows'
import { Button, Code, Group, PasswordInput, Stack, Text, TextInput } from '@mantine/core'
import { useState } from 'react'
import { call } from '../../api/client.ts'
import { useAction } from '../../api/use-action.ts'
import type { FlowParams } from './flow-editor.tsx'

type Row = { name: string; value: string }
type HiddenArgumentsProps = { params: FlowParams; saved: Record<string, unknown>; names: readonly string[] }

/** Values of arguments that are sealed, and never shown again. They are replaced as a whole, and saved at once. */
export function HiddenArguments({ params, saved, names }: HiddenArgumentsProps) {
  const [rows, setRows] = useState<Row[]>()
  const save = useAction({
    run: (all: readonly Row[]) => {
      const argumentOverrides = Object.fromEntries(
        all.flatMap(({ name, value }) => (name === '' ? [] : [[name, value]])),
      )
      return call(updateReleaseFlow, { params, body: { ...saved, argumentOverrides } })
    },
    refresh: ['projects', params.projectId, 'pipelines'],
    done: 'The hidden arguments are saved.',
    after: () => setRows(undefined),
  })
  if (rows === undefined) {
    return (
      <>
        <Text size="sm">
          {names.length === 0 ? 'None. ' : 'Set, and not shown: '}
          {names.map((name) => (
            <Code key={name} mr={4}>
              {name}
            </Code>
          ))}
        </Text>
        <Button
          variant="default"
          size="xs"
          style={{ alignSelf: 'flex-start' }}
          onClick={() => setRows([...names.map((name) => ({ name, value: '' })), { name: '', value: '' }])}
        >
          Replace them
        </Button>
      </>
    )
  }
  const change = (index: number, part: Partial<Row>): void =>
    setRows(rows.map((row, at) => (at === index ? { ...row, ...part } : row)))
  return (
    <Stack gap="xs">
      <Text size="sm">All of them are replaced by what stands here, as soon as you save.</Text>
      {rows.map((row, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a row has no name before it is written.
        <Group key={index} grow>
          <TextInput
            label={`Name ${index + 1}`}
            value={row.name}
            onChange={(event) => change(index, { name: event.currentTarget.value })}
          />
          <PasswordInput
            label={`Value ${index + 1}`}
            autoComplete="off"
            value={row.value}
            onChange={(event) => change(index, { value: event.currentTarget.value })}
          />
        </Group>
      ))}
      <Group justify="flex-end">
        <Button variant="default" size="xs" onClick={() => setRows([...rows, { name: '', value: '' }])}>
          One more
        </Button>
        <Button variant="default" size="xs" onClick={() => setRows(undefined)}>
          Cancel
        </Button>
        <Button size="xs" loading={save.isPending} onClick={() => save.mutate(rows)}>
          Save hidden arguments
        </Button>
      </Group>
    </Stack>
  )
}
