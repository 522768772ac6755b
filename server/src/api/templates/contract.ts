import type { projectTemplates } from '@fairway/contract/routes/templates'
import type { TemplateKey } from '../../db/templates.ts'

export type Place = { projectId?: string }

/** Both contracts have the same shape; a template of the team has no project. */
export type Contract = typeof projectTemplates

export const scopeOf = ({ projectId }: Place) => ({ projectId: projectId ?? null })
export const keyOf = (params: Place & { templateId: string }): TemplateKey => ({
  ...scopeOf(params),
  templateId: params.templateId,
})
