import { Alert, Button, Code, Group, Kbd, Select, Stack, Text, TextInput } from '@mantine/core'
import { lazy, type RefObject, Suspense, useRef, useState } from 'react'
import type { ShellEnd, ShellOwner } from '../api/shell.ts'
import { useMay } from '../api/use-permission.ts'
import { Empty } from './empty.tsx'
import { PageLoading } from './page-loading.tsx'

const Terminal = lazy(async () => ({ default: (await import('./terminal.tsx')).Terminal }))

type Instance = { id: string; label: string }
type Props = { owner: ShellOwner; instances: readonly Instance[] }
type Opened = { instance: string; command: string; number: number }

/** A shell in an instance that runs: choose where and what, type, and open another when it has ended. */
export function ShellPanel({ owner, instances }: Props) {
  const [opened, open] = useState<Opened>()
  const [isLive, setLive] = useState(false)
  const [end, setEnd] = useState<ShellEnd>()
  const button = useRef<HTMLButtonElement>(null)
  const isBusy = opened !== undefined && end === undefined
  if (!useMay('write'))
    return <Empty title="No shell">A shell needs a token with the permission “write”.</Empty>
  if (instances.length === 0 && opened === undefined)
    return <Empty title="Nothing runs">A shell opens in an instance that runs. Start one first.</Empty>
  const start = (instance: string, command: string): void => {
    setEnd(undefined)
    setLive(false)
    open({ instance, command, number: (opened?.number ?? 0) + 1 })
  }
  return (
    <Stack>
      <Choice
        instances={instances}
        isBusy={isBusy}
        label={opened === undefined ? 'Connect' : 'Reconnect'}
        button={button}
        onStart={start}
        onStop={() => open(undefined)}
      />
      <Text size="sm" role="status">
        {isBusy ? (isLive ? 'Connected. ' : 'Connecting… ') : ''}
        <Kbd>Ctrl</Kbd> + <Kbd>Shift</Kbd> + <Kbd>L</Kbd> leaves the terminal with the keyboard. Who opened a
        shell is recorded, what is typed is not.
      </Text>
      {end !== undefined && <Ended end={end} />}
      {opened !== undefined && (
        <section aria-label={`Shell in ${opened.instance}`}>
          <Suspense fallback={<PageLoading />}>
            <Terminal
              key={opened.number}
              owner={owner}
              instance={opened.instance}
              command={opened.command}
              onOpen={() => setLive(true)}
              onEnd={setEnd}
              onLeave={() => button.current?.focus()}
            />
          </Suspense>
        </section>
      )}
    </Stack>
  )
}

type ChoiceProps = {
  instances: readonly Instance[]
  isBusy: boolean
  label: string
  button: RefObject<HTMLButtonElement | null>
  onStart(instance: string, command: string): void
  onStop(): void
}

function Choice({ instances, isBusy, label, button, onStart, onStop }: ChoiceProps) {
  const [chosen, choose] = useState<string | null>(null)
  const [command, setCommand] = useState('/bin/sh')
  const instance = (instances.find(({ id }) => id === chosen) ?? instances[0])?.id ?? ''
  return (
    <Group align="flex-end">
      <Select
        label="Instance"
        w={280}
        allowDeselect={false}
        value={instance}
        onChange={choose}
        disabled={isBusy}
        data={instances.map(({ id, label }) => ({ value: id, label }))}
      />
      <TextInput
        label="Command"
        w={220}
        value={command}
        disabled={isBusy}
        onChange={({ currentTarget }) => setCommand(currentTarget.value)}
      />
      <Button
        ref={button}
        onClick={() => (isBusy ? onStop() : onStart(instance, command))}
        variant={isBusy ? 'default' : 'filled'}
        disabled={!isBusy && (instance === '' || command.trim() === '')}
      >
        {isBusy ? 'Disconnect' : label}
      </Button>
    </Group>
  )
}

function Ended({ end }: { end: ShellEnd }) {
  if (end.kind === 'trouble')
    return (
      <Alert color="red" role="alert" title="The shell is closed">
        {end.message}
      </Alert>
    )
  return (
    <Alert color={end.exitCode === 0 ? 'green' : 'yellow'} role="alert" title="The command has ended">
      Its exit code was <Code>{end.exitCode}</Code>.
    </Alert>
  )
}
