import { existsSync } from 'node:fs'
import { join } from 'node:path'
import fastifyStatic from '@fastify/static'
import type { FastifyInstance } from 'fastify'

/** The pages run no code and load nothing that does not come from here; Mantine sets styles in elements. */
const CONTENT_POLICY =
  "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'; object-src 'none'"

/** Whether the web application was built. */
export const hasWebPages = (folder: string): boolean => existsSync(join(folder, 'index.html'))

/**
 * Serves the web application: its files as they are, and its one page for every other address, which the page's own
 * router then reads. Files below `/assets` carry their content's hash in their name and never change.
 */
export function mountWebPages(app: FastifyInstance, folder: string): void {
  void app.register(fastifyStatic, { root: folder, serve: false, cacheControl: false })
  app.get<{ Params: { '*': string } }>('/assets/*', (request, reply) =>
    reply
      .header('cache-control', 'public, max-age=31536000, immutable')
      .sendFile(`assets/${request.params['*']}`),
  )
  app.get('/favicon.svg', (_request, reply) => reply.sendFile('favicon.svg'))
  for (const path of ['/', '/sign-in', '/projects/*', '/team/*', '/settings/*']) {
    app.get(path, (_request, reply) =>
      reply
        .headers({ 'cache-control': 'no-cache', 'content-security-policy': CONTENT_POLICY })
        .sendFile('index.html'),
    )
  }
}
