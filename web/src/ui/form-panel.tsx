import { Alert, Button, Group, Stack } from '@mantine/core'
import { type ReactNode, useState } from 'react'
import type { z } from 'zod'
import { type BodyForm, useBody } from './use-body.ts'

export type FormProps<S extends z.ZodType> = {
  schema: S
  initial: z.input<S>
  /** What the button of the form says. */
  action: string
  /** Sends it. What it throws is shown in the form, at the fields it names, and the form stays as it was written. */
  run(body: z.input<S>): Promise<unknown>
  /** The names of the fields that `children` shows, as paths. */
  fields: readonly string[]
  children: (form: BodyForm<S>) => ReactNode
}

type FormPanelProps<S extends z.ZodType> = FormProps<S> & {
  /** The button beside the form's own: leaves it, or brings back what is saved. */
  aside: { label: string; act(form: BodyForm<S>): void }
  /** Once it was sent. */
  onDone?(): void
  align?: 'flex-start' | 'flex-end'
}

/** A form for a body of the API, on a page or in a dialog. */
export function FormPanel<S extends z.ZodType>({
  schema,
  initial,
  action,
  run,
  fields,
  children,
  aside,
  onDone,
  align = 'flex-start',
}: FormPanelProps<S>) {
  const form = useBody(schema, initial)
  const [sending, setSending] = useState(false)
  const send = async (): Promise<void> => {
    const body = form.check()
    if (body === undefined) return
    setSending(true)
    try {
      await run(body)
      onDone?.()
    } catch (error) {
      form.refuse(error)
    } finally {
      setSending(false)
    }
  }
  const said = form.others(fields)
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
        <Group justify={align}>
          <Button variant="default" onClick={() => aside.act(form)}>
            {aside.label}
          </Button>
          <Button type="submit" loading={sending}>
            {action}
          </Button>
        </Group>
      </Stack>
    </form>
  )
}
