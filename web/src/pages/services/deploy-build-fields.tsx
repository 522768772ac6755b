import { type buildView, serviceBuilds } from '@fairway/contract/routes/builds'
import { listServices } from '@fairway/contract/routes/services'
import { Select, Switch } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { z } from 'zod'
import { read } from '../../api/queries.ts'
import { WHOLE_LIST } from '../../api/whole-list.ts'
import { agoWords } from '../../ui/ago.tsx'
import { builderOf } from '../runs/build-select.tsx'
import type { Source, Way } from './deploy-dialog.tsx'
import type { Service, ServiceParams } from './service-page.tsx'

export type FoundBuild = z.output<typeof buildView>

type DeployBuildFieldsProps = {
  way: Exclude<Way, 'image'>
  params: ServiceParams
  service: Service
  problem(field: string): string | undefined
  set(internal: Source['internal'], build: FoundBuild | undefined): void
}

/** Which build: of the list, or the newest that succeeded of a branch or a pull request. */
export function DeployBuildFields(props: DeployBuildFieldsProps) {
  const { way, params, service, problem, set } = props
  const own = service.serviceType === 'combined'
  const [builder, setBuilder] = useState(own ? params.serviceId : builderNow(service))
  const [chosen, setChosen] = useState<string | null>(null)
  const [follows, setFollows] = useState(false)
  const choices = useChoices(params.projectId, builder, way)
  const take = (key: string | null, follow: boolean): void => {
    setChosen(key)
    setFollows(follow)
    const build = choices.data.find((choice) => choice.value === key)?.build
    set(build && sourceOf(build, { builder: own ? undefined : builder, follow }), build)
  }
  return (
    <>
      {!own && (
        <BuilderSelect
          projectId={params.projectId}
          value={builder}
          error={problem('internal.id')}
          set={(next) => {
            setBuilder(next)
            setChosen(null)
            set(undefined, undefined)
          }}
        />
      )}
      <Select
        label={LABELS[way]}
        withAsterisk
        searchable
        disabled={builder === undefined}
        placeholder={choices.isPending && builder !== undefined ? 'Loading' : 'Choose one'}
        nothingFoundMessage={NONE[way]}
        error={problem('internal.buildId') ?? problem('internal.branch') ?? choices.error}
        value={chosen}
        onChange={(key) => take(key, follows)}
        data={choices.data.map(({ value, label }) => ({ value, label }))}
      />
      {way === 'branch' && (
        <Switch
          label="Deploy each new build of the branch from now on"
          checked={follows}
          onChange={(event) => take(chosen, event.currentTarget.checked)}
        />
      )}
    </>
  )
}

const LABELS = { build: 'Build', branch: 'Branch', 'pull-request': 'Pull request' } as const
const NONE = {
  build: 'No successful build of that name',
  branch: 'No branch of that name with a successful build',
  'pull-request': 'No pull request of that number with a successful build',
} as const

const builderNow = ({ deployment }: Service): string | undefined =>
  deployment?.follows?.builder ?? deployment?.internal?.nfObjectId

function sourceOf(
  { id, branch }: FoundBuild,
  { builder, follow }: { builder: string | undefined; follow: boolean },
): NonNullable<Source['internal']> {
  return {
    branch,
    ...(builder !== undefined && { id: builder }),
    ...(follow ? { buildSHA: 'latest' } : { buildId: id }),
  }
}

type Choice = { value: string; label: string; build: FoundBuild }

function useChoices(projectId: string, builder: string | undefined, way: DeployBuildFieldsProps['way']) {
  const builds = useQuery({
    ...read(serviceBuilds.list, { params: builderOf(projectId, builder ?? ''), query: WHOLE_LIST }),
    enabled: builder !== undefined,
  })
  const good = (builds.data?.builds ?? []).filter(({ success, artifact }) => success && artifact !== null)
  return {
    data: choicesOf(good, way),
    isPending: builds.isPending,
    error: builds.isError ? `The builds of ${builder} cannot be read.` : undefined,
  }
}

/** Of branches and pull requests the newest build stands for all. `builds` are newest first. Pure. */
function choicesOf(builds: readonly FoundBuild[], way: DeployBuildFieldsProps['way']): Choice[] {
  if (way === 'build') return builds.map((build) => ({ value: build.id, label: wordsOf(build), build }))
  const newest = new Map<string, FoundBuild>()
  for (const build of builds) {
    const key = way === 'branch' ? build.branch : build.pullRequestId?.toString()
    if (key !== undefined && !newest.has(key)) newest.set(key, build)
  }
  return [...newest].map(([value, build]) => ({
    value,
    label: way === 'branch' ? value : `#${value} from ${build.branch}`,
    build,
  }))
}

const wordsOf = ({ id, sha, branch, message, createdAt }: FoundBuild): string =>
  [sha?.slice(0, 7) ?? id, branch, message?.split('\n')[0], agoWords(new Date(createdAt), new Date())]
    .filter(Boolean)
    .join(' · ')

type BuilderSelectProps = {
  projectId: string
  value: string | undefined
  error: string | undefined
  set(id: string): void
}

/** Also the one that is known already and may be of another project. */
function BuilderSelect({ projectId, value, error, set }: BuilderSelectProps) {
  const services = useQuery(read(listServices, { params: { projectId }, query: WHOLE_LIST }))
  const ids = (services.data?.services ?? [])
    .filter(({ serviceType }) => serviceType !== 'deployment')
    .map(({ id }) => id)
  return (
    <Select
      label="Built by"
      withAsterisk
      searchable
      allowDeselect={false}
      placeholder={services.isPending ? 'Loading' : 'Choose a service'}
      nothingFoundMessage="No service of that name builds"
      data={[...new Set([...(value === undefined ? [] : [value]), ...ids])]}
      value={value ?? null}
      error={error}
      onChange={(id) => id !== null && set(id)}
    />
  )
}
