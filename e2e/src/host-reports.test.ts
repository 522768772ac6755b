import type { IncomingMessage, ServerResponse } from 'node:http'
import { join } from 'node:path'
import { startGitServer } from '@fairway/server/sources/git/test-git-server'
import { expect, test } from 'vitest'
import { createBareRepository, git } from './fairway/bare-repository.ts'
import type { Json } from './fairway/rest.ts'
import { withFairway } from './fairway/test-fairway.ts'
import { createTinyRepository } from './fairway/tiny-repository.ts'
import { waitFor } from './fairway/wait-for.ts'

/** Takes statuses as Gitea does; the first request it leaves without an answer. */
class StatusApi {
  readonly told: Json[] = []
  #first = true

  answer = (request: IncomingMessage, response: ServerResponse): boolean => {
    if (!request.url?.startsWith('/api/v1/repos/acme/shop/')) return false
    if (this.#first) {
      this.#first = false
      return true
    }
    void this.#take(request, response)
    return true
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let text = ''
    for await (const chunk of request) text += String(chunk)
    if (request.method === 'POST')
      this.told.push({ ...(JSON.parse(text) as Json), path: request.url, as: request.headers.authorization })
    response
      .writeHead(request.method === 'POST' ? 201 : 200, { 'content-type': 'application/json' })
      .end(request.method === 'POST' ? '{}' : '[]')
  }
}

test('a git host that does not answer holds no build up, and hears how it ended once it answers', async () => {
  await withFairway(async ({ call, folder }) => {
    const api = new StatusApi()
    const server = await startGitServer(join(folder, 'repositories'), {
      user: 'ann',
      password: 'planted-secret',
      answer: api.answer,
    })
    try {
      const url = `${server.url}/acme/shop.git`
      await createBareRepository(join(folder, 'repositories', 'acme', 'shop.git'), {
        webhook: 'http://127.0.0.1:9/nowhere',
        url,
        secret: 'no secret at all',
      })
      const work = createTinyRepository(join(folder, 'work'))
      const sha = work.commit('one', 'good')
      await call('POST', '/integrations/vcs', {
        name: 'hub',
        host: 'gitea',
        baseUrl: server.url,
        auth: { type: 'token', username: 'ann', token: 'planted-secret' },
      })
      await git(work.folder, 'push', '-q', url.replace('//', '//ann:planted-secret@'), 'main')
      await call('PUT', '/projects', { name: 'Tiny' })
      await call('PUT', '/projects/tiny/services/build', {
        name: 'web',
        vcsData: { projectUrl: url, projectType: 'self-hosted' },
      })
      const started = await call('POST', '/projects/tiny/services/web/build', { branch: 'main', sha })
      const build = await waitFor('the build to end', async () => {
        const found = await call('GET', `/projects/tiny/services/web/build/${started.id}`)
        return found.concluded === true && found
      })
      expect(build).toMatchObject({ success: true })
      expect(api.told).toEqual([])
      const report = await waitFor(
        'the report',
        async () => {
          const { reports } = (await call('GET', '/integrations/vcs/hub/reports')) as { reports: Json[] }
          return reports[0]?.status === 'sent' && reports[0]
        },
        { deadlineMs: 60_000 },
      )
      expect(report).toMatchObject({ state: 'success', sha })
      expect(api.told).toEqual([
        {
          path: `/api/v1/repos/acme/shop/statuses/${sha}`,
          as: 'token planted-secret',
          state: 'success',
          context: 'fairway/tiny/web',
          description: `Build ${started.id} succeeded.`,
        },
      ])
    } finally {
      await server.close()
    }
  })
}, 120_000)
