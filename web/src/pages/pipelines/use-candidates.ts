import { getJob } from '@fairway/contract/routes/jobs'
import { getProject } from '@fairway/contract/routes/projects'
import { useQueries, useQuery } from '@tanstack/react-query'
import { read } from '../../api/queries.ts'
import type { Candidate } from './member-choices.ts'

/** What of a project may stand in a stage: what builds itself cannot receive a promotion. Undefined until it is known. */
export function useCandidates(projectId: string): Candidate[] | undefined {
  const { data } = useQuery(read(getProject, { params: { projectId } }))
  const jobs = useQueries({
    queries: (data?.jobs ?? []).map(({ id }) => read(getJob, { params: { projectId, jobId: id } })),
  })
  if (data === undefined || jobs.some(({ isPending }) => isPending)) return undefined
  const receiving = data.services.filter(({ serviceType }) => serviceType === 'deployment')
  const receivingJobs = jobs.flatMap(({ data: job }) =>
    job !== undefined && job.vcsData === undefined ? [job] : [],
  )
  return [
    ...receiving.map(({ id }) => ({ type: 'service', id }) as const),
    ...receivingJobs.map(({ id }) => ({ type: 'job', id }) as const),
    ...data.addons.map(({ id }) => ({ type: 'addon', id }) as const),
  ]
}
