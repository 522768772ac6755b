import { serviceBuilds } from '@fairway/contract/routes/builds'
import { Select } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { read } from '../../api/queries.ts'
import { WHOLE_LIST } from '../../api/whole-list.ts'
import { agoWords } from '../../ui/ago.tsx'

export type ChosenBuild = { id: string; branch: string; sha: string }

type BuildSelectProps = {
  projectId: string
  /** The service that builds. */
  source: string
  label: string
  value: string
  required?: boolean
  error?: string | undefined
  onChange: (build: ChosenBuild | undefined) => void
}

/** `service` or `project/service`, as origins are written. */
export function builderOf(projectId: string, source: string): { projectId: string; serviceId: string } {
  const [first = '', second] = source.split('/')
  return second === undefined ? { projectId, serviceId: first } : { projectId: first, serviceId: second }
}

/** One successful build of a service. */
export function BuildSelect({
  projectId,
  source,
  label,
  value,
  required,
  error,
  onChange,
}: BuildSelectProps) {
  const builds = useQuery(
    read(serviceBuilds.list, { params: builderOf(projectId, source), query: WHOLE_LIST }),
  )
  const good = (builds.data?.builds ?? []).filter(({ success }) => success)
  return (
    <Select
      label={label}
      withAsterisk={required ?? false}
      placeholder={builds.isPending ? 'Loading' : 'Choose a build'}
      searchable
      clearable
      error={error ?? (builds.isError ? `The builds of ${source} cannot be read.` : undefined)}
      nothingFoundMessage="No successful build of that name"
      value={value === '' ? null : value}
      data={good.map(({ id, sha, branch, message, createdAt }) => ({
        value: id,
        label: [
          sha?.slice(0, 7) ?? id,
          branch,
          message?.split('\n')[0],
          agoWords(new Date(createdAt), new Date()),
        ]
          .filter(Boolean)
          .join(' · '),
      }))}
      onChange={(id) => {
        const build = good.find((one) => one.id === id)
        onChange(build && { id: build.id, branch: build.branch, sha: build.sha ?? '' })
      }}
    />
  )
}
