import { stages } from '@fairway/contract/resources/pipeline'
import { listGitAccounts } from '@fairway/contract/routes/git-account'
import { getPipeline, listPipelines } from '@fairway/contract/routes/pipelines'
import { getProject } from '@fairway/contract/routes/projects'
import { getReleaseFlow } from '@fairway/contract/routes/release-flows'
import { listRuns } from '@fairway/contract/routes/release-runs'
import { listServices } from '@fairway/contract/routes/services'
import { useQueries, useQuery } from '@tanstack/react-query'
import { read, readIfAny } from '../../api/queries.ts'
import type { Observed, ObservedProject } from './first-steps.ts'

type ObservedPipeline = ObservedProject['pipelines'][number]

/** Whether the team has an account at a git host; undefined until it is known. */
export function useHasGitAccount(): boolean | undefined {
  return useQuery(read(listGitAccounts)).data?.accounts.some(() => true)
}

/** What is known of a project on its way to a first release; undefined until all of it is. Events keep it fresh. */
export function useObserved(projectId: string): Observed | undefined {
  const params = { projectId }
  const project = useQuery(read(getProject, { params })).data
  const services = useQuery(read(listServices, { params })).data?.services
  const ids = useQuery(read(listPipelines, { params })).data?.pipelines.map(({ id }) => id)
  const pipelines = usePipelines(projectId, ids ?? [])
  const hasGitAccount = useHasGitAccount()
  if (!project || !services || !ids || !pipelines || hasGitAccount === undefined) return undefined
  return {
    hasGitAccount,
    project: {
      id: projectId,
      services: services.map(({ id, serviceType, status }) => ({
        id,
        serviceType,
        buildStatus: status.build?.status,
      })),
      addons: project.addons.length,
      pipelines,
    },
  }
}

function usePipelines(projectId: string, ids: readonly string[]): ObservedPipeline[] | undefined {
  const pipelines = useQueries({
    queries: ids.map((pipelineId) => read(getPipeline, { params: { projectId, pipelineId } })),
  })
  const places = ids.flatMap((pipelineId) => stages.map((stage) => ({ projectId, pipelineId, stage })))
  const flows = useQueries({
    queries: places.map((params) => readIfAny(getReleaseFlow, { params })),
  })
  const succeeded = useQueries({
    queries: places.map((params, index) => ({
      ...read(listRuns, { params, query: { status: 'success' } }),
      enabled: hasData(flows[index]),
    })),
  })
  const known = places.map((place, index) => {
    const flow = flows[index]
    const hasFlow = hasData(flow)
    const runs = succeeded[index]?.data?.runs
    if (flow?.data === undefined || (hasFlow && runs === undefined)) return undefined
    return { ...place, hasFlow, hasSucceeded: hasFlow && runs !== undefined && runs.length > 0 }
  })
  if (known.includes(undefined) || pipelines.some(({ data }) => data === undefined)) return undefined
  return pipelines.map(({ data }) => ({
    id: data?.id ?? '',
    stages: (data?.stages ?? []).map(({ name, nfObjects }) => {
      const place = known.find((one) => one?.pipelineId === data?.id && one?.stage === name)
      return {
        name,
        services: (nfObjects as { type: string }[]).filter(({ type }) => type === 'service').length,
        hasFlow: place?.hasFlow ?? false,
        hasSucceeded: place?.hasSucceeded ?? false,
      }
    }),
  }))
}

/** Whether it was read, and there is one. */
const hasData = (query: { data: unknown } | undefined): boolean => Boolean(query?.data)
