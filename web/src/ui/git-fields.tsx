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
      <RepositoryField
        value={value.projectUrl}
        set={(projectUrl) => set({ ...value, projectUrl })}
        problem={problem('vcsData.projectUrl')}
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

type RepositoryFieldProps = { value: string; set(value: string): void; problem: string | undefined }

/** Where code comes from. */
export function RepositoryField({ value, set, problem }: RepositoryFieldProps) {
  return (
    <TextInput
      label="Git repository"
      description="https, ssh or file URL"
      withAsterisk
      value={value}
      error={problem}
      onChange={(event) => set(event.currentTarget.value)}
    />
  )
}
