import { projectTemplates, teamTemplates } from '@fairway/contract/routes/templates'
import { useParams } from '@tanstack/react-router'

export type TemplatePlace = ReturnType<typeof useTemplatePlace>

/** Where this page's templates live: the team, or the project of its address. */
export function useTemplatePlace() {
  const { projectId } = useParams({ strict: false }) as { projectId?: string }
  // Both contracts have the same shape; a path of the team takes no project.
  const routes =
    projectId === undefined ? (teamTemplates as unknown as typeof projectTemplates) : projectTemplates
  const at = projectId === undefined ? '/team/templates' : `/projects/${projectId}/templates`
  return {
    projectId: projectId ?? '',
    isTeam: projectId === undefined,
    routes,
    at,
    /** Everything that was read of these templates. */
    key: projectId === undefined ? ['templates'] : ['projects', projectId, 'templates'],
  }
}
