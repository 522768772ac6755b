import { listPipelines } from '@fairway/contract/routes/pipelines'
import { getProject } from '@fairway/contract/routes/projects'
import { listServices } from '@fairway/contract/routes/services'
import { Anchor, SimpleGrid, Stack, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { read } from '../../api/queries.ts'
import { useMay } from '../../api/use-permission.ts'
import { Loaded } from '../../ui/loaded.tsx'
import { PageTitle } from '../../ui/page-title.tsx'
import { NewAddon } from '../addons/new-addon.tsx'
import { FirstStepsOfProject } from '../first-steps/first-steps-panel.tsx'
import { NewJob } from '../jobs/new-job.tsx'
import { usePathParams } from '../path-params.ts'
import { NewPipeline } from '../pipelines/new-pipeline.tsx'
import { NewBuild, NewCombined, NewDeployment } from '../services/new-service.tsx'
import { DeleteProject } from './delete-project.tsx'
import { ResourceCard } from './resource-card.tsx'
import { Triage } from './triage.tsx'

/** Everything of a project with how it is, what needs somebody first. */
export function ProjectPage() {
  const params = usePathParams('projectId')
  const project = useQuery(read(getProject, { params }))
  const services = useQuery(read(listServices, { params }))
  const pipelines = useQuery(read(listPipelines, { params }))
  const mayWrite = useMay('write')
  const at = `/projects/${params.projectId}`
  return (
    <Loaded query={project}>
      {({ name, description, jobs, addons }) => (
        <>
          <PageTitle title={name} below={<Text c="dimmed">{description}</Text>}>
            {mayWrite && <DeleteProject projectId={params.projectId} name={name} />}
          </PageTitle>
          <Stack gap="xl">
            <FirstStepsOfProject projectId={params.projectId} />
            <Triage projectId={params.projectId} services={services.data?.services ?? []} />
            <ResourceCard
              id="pipelines"
              title="Pipelines"
              error={pipelines.error}
              empty="A pipeline takes a version from stage to stage."
              actions={mayWrite && <NewPipeline projectId={params.projectId} />}
            >
              {pipelines.data?.pipelines.map((pipeline) => ({
                to: `${at}/pipelines/${pipeline.id}`,
                name: pipeline.name,
                remark: pipeline.description,
              }))}
            </ResourceCard>
            <SimpleGrid cols={{ base: 1, md: 3 }}>
              <ResourceCard
                id="services"
                title="Services"
                error={services.error}
                empty="A service builds and runs your code."
                actions={mayWrite && <NewServices projectId={params.projectId} />}
              >
                {services.data?.services.map((service) => ({
                  to: `${at}/services/${service.id}`,
                  name: service.name,
                  remark: service.serviceType,
                  status: service.servicePaused
                    ? 'paused'
                    : (service.status.deployment?.status ?? service.status.build?.status),
                }))}
              </ResourceCard>
              <ResourceCard
                id="jobs"
                title="Jobs"
                empty="A job runs once, by hand, on a schedule or in a release."
                actions={
                  mayWrite && (
                    <>
                      <NewJob projectId={params.projectId} kind="manual" />
                      <NewJob projectId={params.projectId} kind="cron" />
                    </>
                  )
                }
              >
                {jobs.map((job) => ({ to: `${at}/jobs/${job.id}`, name: job.name, remark: job.jobType }))}
              </ResourceCard>
              <ResourceCard
                id="addons"
                title="Addons"
                empty="An addon is a database with backups."
                actions={mayWrite && <NewAddon projectId={params.projectId} />}
              >
                {addons.map((addon) => ({
                  to: `${at}/addons/${addon.id}`,
                  name: addon.name,
                  remark: addon.spec.type,
                }))}
              </ResourceCard>
            </SimpleGrid>
            <OtherWays />
          </Stack>
        </>
      )}
    </Loaded>
  )
}

function NewServices({ projectId }: { projectId: string }) {
  return (
    <>
      <NewCombined projectId={projectId} />
      <NewBuild projectId={projectId} />
      <NewDeployment projectId={projectId} />
    </>
  )
}

function OtherWays() {
  return (
    <Text size="sm" c="dimmed">
      Everything here can be written by the{' '}
      <Anchor href="/v1/docs" underline="always">
        API
      </Anchor>{' '}
      and the command line too.{' '}
      <Anchor component={Link} to="/" underline="always">
        All projects
      </Anchor>
    </Text>
  )
}
