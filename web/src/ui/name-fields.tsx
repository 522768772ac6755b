import { TextInput } from '@mantine/core'

type Named = { name: string; description?: string | undefined }

type NameFieldsProps = {
  value: Named
  set(change: Partial<Named>): void
  problem(field: string): string | undefined
}

/** The two fields that every resource begins with. */
export function NameFields({ value, set, problem }: NameFieldsProps) {
  return (
    <>
      <TextInput
        label="Name"
        description="Its id is made of it, and stays."
        withAsterisk
        data-autofocus
        value={value.name}
        error={problem('name')}
        onChange={(event) => set({ name: event.currentTarget.value })}
      />
      <TextInput
        label="Description"
        value={value.description ?? ''}
        error={problem('description')}
        onChange={(event) => set({ description: event.currentTarget.value })}
      />
    </>
  )
}
