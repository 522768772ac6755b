import { listPipelines } from '@fairway/contract/routes/pipelines'
import { getProject } from '@fairway/contract/routes/projects'
import { NavLink } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link, useLocation } from '@tanstack/react-router'
import { read } from '../api/queries.ts'

/** The parts of one project. */
export function ProjectNavigation({ projectId }: { projectId: string }) {
  const at = `/projects/${projectId}`
  const project = useQuery(read(getProject, { params: { projectId } }))
  const pipelines = useQuery(read(listPipelines, { params: { projectId } }))
  return (
    <>
      <Place to={at} label="Overview" exact />
      <Group title="Pipelines" folder={`${at}/pipelines`} resources={pipelines.data?.pipelines} />
      <Group title="Services" folder={`${at}/services`} resources={project.data?.services} />
      <Group title="Jobs" folder={`${at}/jobs`} resources={project.data?.jobs} />
      <Group title="Addons" folder={`${at}/addons`} resources={project.data?.addons} />
      <Place to={`${at}/templates`} label="Templates" />
      <Place to={`${at}/triggers`} label="Triggers" />
      <Place to={`${at}/secrets`} label="Secret groups" />
      <Place to={`${at}/volumes`} label="Volumes" />
    </>
  )
}

type GroupProps = {
  title: string
  folder: string
  resources: readonly { id: string; name: string }[] | undefined
}

function Group({ title, folder, resources = [] }: GroupProps) {
  if (resources.length === 0) return null
  return (
    <NavLink label={title} defaultOpened childrenOffset={12} component="button" type="button">
      {resources.map(({ id, name }) => (
        <Place key={id} to={`${folder}/${id}`} label={name} />
      ))}
    </NavLink>
  )
}

function Place({ to, label, exact = false }: { to: string; label: string; exact?: boolean }) {
  const { pathname } = useLocation()
  const active = pathname === to || (!exact && pathname.startsWith(`${to}/`))
  return (
    <NavLink
      component={Link}
      to={to}
      activeOptions={{ exact }}
      label={label}
      active={active}
      aria-current={active ? 'page' : undefined}
    />
  )
}
