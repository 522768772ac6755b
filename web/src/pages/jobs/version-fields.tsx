import { jobBuilds, serviceBuilds } from '@fairway/contract/routes/builds'
import type { JobView } from '@fairway/contract/routes/jobs'
import { listServices } from '@fairway/contract/routes/services'
import { Select, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { read } from '../../api/queries.ts'
import { WHOLE_LIST } from '../../api/whole-list.ts'
import { agoWords } from '../../ui/ago.tsx'
import type { JobParams } from './job-page.tsx'

export type Source = {
  internal?: { id?: string; branch: string; buildId: string } | undefined
  external?: { imagePath: string; credentials?: string } | undefined
}

type VersionFieldsProps = {
  params: JobParams
  job: JobView
  /** What no choice means, where none may be made. */
  current?: string
  problem(field: string): string | undefined
  set(source: Source): void
}

/** A build or an image: which of them a job takes was decided with its first one, and stays. */
export function VersionFields(props: VersionFieldsProps) {
  const { vcsData, deployment } = props.job
  if (vcsData !== undefined) return <BuildField {...props} />
  if (deployment.external !== undefined) return <ImageField {...props} />
  if (deployment.internal !== undefined)
    return <BuildField {...props} serviceId={deployment.internal.nfObjectId} />
  return <EitherField {...props} />
}

/** For a job that never had a version. */
function EitherField(props: VersionFieldsProps) {
  const [from, setFrom] = useState<string | null>(null)
  const services = useQuery(
    read(listServices, { params: { projectId: props.params.projectId }, query: WHOLE_LIST }),
  )
  const builders = (services.data?.services ?? []).filter(({ serviceType }) => serviceType !== 'deployment')
  return (
    <>
      <Select
        label="From"
        placeholder={services.isPending ? 'Loading' : 'Choose what it takes its versions from'}
        description="It stays with this kind of source."
        data={[
          { value: 'image', label: 'An image' },
          ...builders.map(({ id }) => ({ value: `build/${id}`, label: `Builds of ${id}` })),
        ]}
        value={from}
        onChange={(chosen) => {
          setFrom(chosen)
          props.set({})
        }}
      />
      {from === 'image' && <ImageField {...props} />}
      {from?.startsWith('build/') && (
        <BuildField key={from} {...props} serviceId={from.slice('build/'.length)} />
      )}
    </>
  )
}

/** Of a service, or the job's own builds. */
function useBuilds({ projectId, jobId }: JobParams, serviceId: string | undefined) {
  const own = useQuery({
    ...read(jobBuilds.list, { params: { projectId, jobId } }),
    enabled: serviceId === undefined,
  })
  const others = useQuery({
    ...read(serviceBuilds.list, { params: { projectId, serviceId: serviceId ?? '' } }),
    enabled: serviceId !== undefined,
  })
  return serviceId === undefined ? own : others
}

function BuildField({
  params,
  serviceId,
  current,
  problem,
  set,
}: VersionFieldsProps & { serviceId?: string }) {
  const builds = useBuilds(params, serviceId)
  const [chosen, choose] = useState<string>('')
  const good = (builds.data?.builds ?? []).filter(({ success, artifact }) => success && artifact !== null)
  const take = (id: string | null): void => {
    choose(id ?? '')
    const build = good.find((one) => one.id === id)
    set({
      internal: build && {
        branch: build.branch,
        buildId: build.id,
        ...(serviceId !== undefined && { id: serviceId }),
      },
    })
  }
  return (
    <Select
      label="Build"
      placeholder={builds.isPending ? 'Loading' : 'Choose one'}
      searchable
      allowDeselect={false}
      nothingFoundMessage="No successful build of that name"
      error={problem('internal.buildId') ?? problem('internal.id')}
      value={current === undefined && chosen === '' ? null : chosen}
      onChange={take}
      data={[
        ...(current === undefined ? [] : [{ value: '', label: current }]),
        ...good.map(({ id, sha, branch, message, createdAt }) => ({
          value: id,
          label: `${sha?.slice(0, 7) ?? id} · ${branch} · ${message?.split('\n')[0] ?? ''} · ${agoWords(new Date(createdAt), new Date())}`,
        })),
      ]}
    />
  )
}

function ImageField({ job, current, problem, set }: VersionFieldsProps) {
  const [image, setImage] = useState('')
  const credentials = job.deployment.external?.credentials
  return (
    <TextInput
      label="Image"
      description={current === undefined ? undefined : `Left empty: ${current.toLowerCase()}`}
      placeholder="registry.example.com/team/app:1.4.2"
      value={image}
      error={problem('external.imagePath')}
      onChange={(event) => {
        const imagePath = event.currentTarget.value
        setImage(imagePath)
        set(
          imagePath === ''
            ? {}
            : {
                external: { imagePath: imagePath.trim(), ...(credentials !== undefined && { credentials }) },
              },
        )
      }}
    />
  )
}
