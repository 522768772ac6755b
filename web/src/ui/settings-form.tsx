import { notifications } from '@mantine/notifications'
import { type ReactNode, useState } from 'react'
import type { z } from 'zod'
import { queryClient } from '../api/queries.ts'
import { changesOf } from './changes-of.ts'
import { FormPanel } from './form-panel.tsx'
import type { BodyForm } from './use-body.ts'

type SettingsFormProps<S extends z.ZodType> = {
  schema: S
  /** What is saved of it now, as the body that would save it. */
  current(): z.input<S>
  fields: readonly string[]
  send(changes: Partial<z.input<S>>): Promise<unknown>
  /** Said when it was saved. */
  done: string
  /** What is read again then. */
  refresh: readonly unknown[]
  /** `saved`: what the form began with. */
  children: (form: BodyForm<S>, saved: z.input<S>) => ReactNode
}

/** A form for what is saved already. Only what was changed is sent, so that what others save meanwhile stays. */
export function SettingsForm<S extends z.ZodType>({
  schema,
  current,
  fields,
  send,
  done,
  refresh,
  children,
}: SettingsFormProps<S>) {
  const [saved, setSaved] = useState(current)
  const save = async (body: z.input<S>): Promise<void> => {
    await send(changesOf(saved, body) ?? ({} as Partial<z.input<S>>))
    setSaved(body)
    notifications.show({ message: done, color: 'green' })
    await queryClient.invalidateQueries({ queryKey: refresh })
  }
  const discard = ({ replace }: BodyForm<S>): void => {
    const now = current()
    setSaved(now)
    replace(now)
  }
  return (
    <FormPanel
      schema={schema}
      initial={saved}
      action="Save"
      fields={fields}
      run={save}
      aside={{ label: 'Discard', act: discard }}
    >
      {(form) => children(form, saved)}
    </FormPanel>
  )
}
