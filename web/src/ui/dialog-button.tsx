import { Alert, Button, type ButtonProps, Group, Modal, Stack } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { type ReactNode, useState } from 'react'
import type { z } from 'zod'
import { sentenceOf } from '../api/api-error.ts'
import { type BodyForm, useBody } from './use-body.ts'

type FormProps<S extends z.ZodType> = {
  schema: S
  initial: z.input<S>
  /** What the button of the form says. */
  action: string
  /** Sends it. What it throws is shown in the form, which stays as it was written. */
  run(body: z.input<S>): Promise<unknown>
  /** The names of the fields that `children` shows, as paths. */
  fields: readonly string[]
  children: (form: BodyForm<S>) => ReactNode
}

type DialogButtonProps<S extends z.ZodType> = FormProps<S> & {
  label: string
  title?: string
  icon?: ReactNode
  variant?: ButtonProps['variant']
  size?: ButtonProps['size']
}

/** A button that opens a form for a body of the API. */
export function DialogButton<S extends z.ZodType>({
  label,
  title = label,
  icon,
  variant = 'filled',
  size = 'sm',
  ...form
}: DialogButtonProps<S>) {
  const [opened, { open, close }] = useDisclosure()
  return (
    <>
      <Button leftSection={icon} onClick={open} variant={variant} size={size}>
        {label}
      </Button>
      <Modal opened={opened} onClose={close} title={title} size="lg">
        <DialogForm {...form} onClose={close} />
      </Modal>
    </>
  )
}

function DialogForm<S extends z.ZodType>({
  schema,
  initial,
  action,
  run,
  fields,
  children,
  onClose,
}: FormProps<S> & { onClose: () => void }) {
  const form = useBody(schema, initial)
  const [sending, setSending] = useState(false)
  const [refusal, setRefusal] = useState<string>()
  const send = async (): Promise<void> => {
    const body = form.check()
    if (body === undefined) return
    setSending(true)
    try {
      await run(body)
      onClose()
    } catch (error) {
      setRefusal(sentenceOf(error))
    } finally {
      setSending(false)
    }
  }
  const said = [...form.others(fields), ...(refusal === undefined ? [] : [refusal])]
  return (
    <form
      noValidate
      onSubmit={(event) => {
        event.preventDefault()
        void send()
      }}
    >
      <Stack>
        {children(form)}
        {said.length > 0 && (
          <Alert role="alert" color="red">
            {said.join(' ')}
          </Alert>
        )}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={sending}>
            {action}
          </Button>
        </Group>
      </Stack>
    </form>
  )
}
