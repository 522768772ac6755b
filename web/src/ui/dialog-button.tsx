import { Button, type ButtonProps, Modal } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import type { ReactNode } from 'react'
import type { z } from 'zod'
import { FormPanel, type FormProps } from './form-panel.tsx'

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
        <FormPanel {...form} align="flex-end" aside={{ label: 'Cancel', act: close }} onDone={close} />
      </Modal>
    </>
  )
}
