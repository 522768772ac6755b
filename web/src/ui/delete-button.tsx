import { Button } from '@mantine/core'
import { IconTrash } from '@tabler/icons-react'
import { useAction } from '../api/use-action.ts'
import { confirmByName } from './confirm-by-name.tsx'

type DeleteButtonProps = {
  /** What kind of thing it is: `tag`. */
  kind: string
  name: string
  /** What will happen. */
  what: string
  run(): Promise<unknown>
  refresh: readonly unknown[]
  after?(): void
  /** What the button and the question say. */
  action?: string
}

/** Deletes one thing once its name was typed. */
export function DeleteButton({
  kind,
  name,
  what,
  run,
  refresh,
  after,
  action = 'Delete',
}: DeleteButtonProps) {
  const remove = useAction({
    run,
    refresh,
    done: `The ${kind} "${name}" is gone.`,
    after: () => after?.(),
  })
  return (
    <Button
      variant="default"
      c="var(--mantine-color-error)"
      size="xs"
      leftSection={<IconTrash size={14} />}
      loading={remove.isPending}
      aria-label={`${action} ${name}`}
      onClick={() =>
        confirmByName({ title: `${action} the ${kind}`, what, name, onConfirm: () => remove.mutate() })
      }
    >
      {action}
    </Button>
  )
}
