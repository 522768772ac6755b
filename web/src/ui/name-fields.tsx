import { TextInput } from '@mantine/core'

type Named = { name: string; description?: string | undefined }

type NameFieldsProps = {
  value: Named
  set(change: Partial<Named>): void
  problem(field: string): string | undefined
}

/** The two fields that every resource begins with. */
export function NameFields(props: NameFieldsProps) {
  return (
    <>
      <NameField {...props} description="Its id is made of it, and stays." />
      <DescriptionField {...props} />
    </>
  )
}

type NameFieldProps = {
  value: { name: string }
  set(change: { name: string }): void
  problem(field: string): string | undefined
  description?: string
}

/** What something is called; a form begins with it. */
export function NameField({ value, set, problem, description }: NameFieldProps) {
  return (
    <TextInput
      label="Name"
      description={description}
      withAsterisk
      data-autofocus
      value={value.name}
      error={problem('name')}
      onChange={(event) => set({ name: event.currentTarget.value })}
    />
  )
}

type DescriptionFieldProps = {
  value: { description?: string | undefined }
  set(change: { description: string }): void
  problem(field: string): string | undefined
}

/** What a person says about it. */
export function DescriptionField({ value, set, problem }: DescriptionFieldProps) {
  return (
    <TextInput
      label="Description"
      value={value.description ?? ''}
      error={problem('description')}
      onChange={(event) => set({ description: event.currentTarget.value })}
    />
  )
}
