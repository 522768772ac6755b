import { Button, Group, Stack, Text, TextInput } from '@mantine/core'
import { modals } from '@mantine/modals'
import { useState } from 'react'

type Confirm = {
  title: string
  /** What will happen, in a sentence. */
  what: string
  /** To be typed before the button works. */
  name: string
  onConfirm: () => void
}

/** Asks for the name of what is destroyed. */
export function confirmByName({ title, what, name, onConfirm }: Confirm): void {
  const id = modals.open({
    title,
    children: (
      <TypedName
        what={what}
        name={name}
        action={title}
        onCancel={() => modals.close(id)}
        onConfirm={() => {
          modals.close(id)
          onConfirm()
        }}
      />
    ),
  })
}

type TypedNameProps = {
  what: string
  name: string
  action: string
  onCancel: () => void
  onConfirm: () => void
}

function TypedName({ what, name, action, onCancel, onConfirm }: TypedNameProps) {
  const [typed, setTyped] = useState('')
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        if (typed === name) onConfirm()
      }}
    >
      <Stack>
        <Text size="sm">{what}</Text>
        <TextInput
          label={`Type "${name}" to confirm`}
          value={typed}
          onChange={(event) => setTyped(event.currentTarget.value)}
          autoComplete="off"
          data-autofocus
        />
        <Group justify="flex-end">
          <Button variant="default" onClick={onCancel}>
            Cancel
          </Button>
          <Button color="red" type="submit" disabled={typed !== name}>
            {action}
          </Button>
        </Group>
      </Stack>
    </form>
  )
}
