import { TextInput } from '@mantine/core'

type Git = { projectUrl: string; projectBranch: string }

type GitFieldsProps = {
  value: Git
  set(value: Git): void
  problem(field: string): string | undefined
}

/** Where code comes from: repository and branch. */
export function GitFields({ value, set, problem }: GitFieldsProps) {
  return (
    <>
      <TextInput
        label="Git repository"
        description="https, ssh or file URL"
        withAsterisk
        value={value.projectUrl}
        error={problem('vcsData.projectUrl')}
        onChange={(event) => set({ ...value, projectUrl: event.currentTarget.value })}
      />
      <TextInput
        label="Branch"
        withAsterisk
        value={value.projectBranch}
        error={problem('vcsData.projectBranch')}
        onChange={(event) => set({ ...value, projectBranch: event.currentTarget.value })}
      />
    </>
  )
}
