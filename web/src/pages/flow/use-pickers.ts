import { getPipeline } from '@fairway/contract/routes/pipelines'
import { getProject } from '@fairway/contract/routes/projects'
import { useQuery } from '@tanstack/react-query'
import { read } from '../../api/queries.ts'
import type { Pickers } from '../../flow/schema-form.tsx'

/** What the fields of steps can name: the resources of the project, and the flows of other stages. */
export function usePickers({ projectId, pipelineId }: { projectId: string; pipelineId: string }): Pickers {
  const project = useQuery(read(getProject, { params: { projectId } }))
  const pipeline = useQuery(read(getPipeline, { params: { projectId, pipelineId } }))
  const ids = (all: readonly { id: string }[] | undefined): string[] => (all ?? []).map(({ id }) => id)
  const services = ids(project.data?.services)
  const jobs = ids(project.data?.jobs)
  return {
    id: [...services, ...jobs],
    serviceId: services,
    jobId: jobs,
    addonId: ids(project.data?.addons),
    templateId: (pipeline.data?.stages ?? []).map(({ name }) => `${pipelineId}:${name}`),
  }
}
