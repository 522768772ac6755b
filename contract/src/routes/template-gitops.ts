import { z } from 'zod'
import { route } from '../route.ts'
import { gitopsView } from './gitops.ts'
import { type Place, placed, read, write } from './template-place.ts'

const decision = z
  .strictObject({
    commit: z
      .string()
      .optional()
      .describe('lastCommitSeen of the conflict that was looked at: 409 when the branch has moved since'),
  })
  .optional()

/** The file that a document is kept the same as. */
export function gitopsRoutes<P extends z.ZodRawShape>(place: Place<P>) {
  const { one, params, name } = placed(place)
  const path = `${one}/gitops`
  const accepted = { ...write, method: 'POST', params, reply: z.object({}), status: 202 } as const
  return {
    gitops: route({
      ...read,
      id: name('get', 'TemplateGitops'),
      method: 'GET',
      path,
      summary: 'How a template and its file in git stand. Link them by the field gitops of the template',
      params,
      reply: gitopsView,
    }),
    sync: route({
      ...accepted,
      id: name('sync', 'TemplateGitops'),
      path: `${path}/sync`,
      summary: 'Look at the file now, where no webhook tells of pushes',
    }),
    takeGit: route({
      ...accepted,
      id: name('takeGit', 'TemplateGitops'),
      path: `${path}/take-git`,
      summary: 'End a conflict with the file; the document stays as an older version',
      body: decision,
    }),
    takeFairway: route({
      ...accepted,
      id: name('takeFairway', 'TemplateGitops'),
      path: `${path}/take-fairway`,
      summary: 'End a conflict with the document, which is committed on top of the branch',
      body: decision,
    }),
  }
}
