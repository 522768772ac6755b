import { NumberInput } from '@mantine/core'

type NumberFieldProps = {
  label: string
  description?: string
  placeholder?: string
  value: number | undefined
  /** What is saved: what was set once can be changed, but not taken away. */
  saved: number | undefined
  error: string | undefined
  set(value: number | undefined): void
}

/** A number of a body; left empty where none is saved, it is not sent. */
export function NumberField({ value, saved, error, set, ...field }: NumberFieldProps) {
  return (
    <NumberInput
      {...field}
      error={Number.isNaN(value) ? 'must be a number' : error}
      value={value === undefined || Number.isNaN(value) ? '' : value}
      onChange={(next) => set(next === '' ? (saved === undefined ? undefined : Number.NaN) : Number(next))}
    />
  )
}
