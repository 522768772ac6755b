import { z } from 'zod'
import { resourceId } from '../names.ts'

const tag = 'Templates'

/** Where templates live: the team, or a project. `id` is part of the names of the operations. */
export type Place<P extends z.ZodRawShape> = { path: string; params: P; of: string; id: string }

export const read = { tag, permission: 'read' } as const
export const write = { tag, permission: 'write' } as const
/** The paths, parameters and names of operations of a place. */
export function placed<P extends z.ZodRawShape>(place: Place<P>) {
  const list = `${place.path}/templates`
  const params = z.object({ ...place.params, templateId: resourceId })
  const name = (verb: string, noun = 'Template') => `${verb}${place.id}${noun}`
  return { list, one: `${list}/{templateId}`, params, inPlace: z.object({ ...place.params }), name }
}
