import { NavLink } from '@mantine/core'
import { Link } from '@tanstack/react-router'

/** The parts of one project. */
export function ProjectNavigation({ projectId }: { projectId: string }) {
  return <NavLink component={Link} to={`/projects/${projectId}`} label="Overview" />
}
