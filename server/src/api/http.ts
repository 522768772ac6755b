import { check } from '@fairway/contract/check'
import { FairwayError } from '@fairway/contract/errors'
import type { RouteContract } from '@fairway/contract/route'
import { receiveGitWebhook } from '@fairway/contract/routes/trigger-event'
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest, LogController } from 'fastify'
import { z } from 'zod'
import { type Actor, authenticate } from './auth.ts'
import type { ApiDeps } from './deps.ts'
import { docsPage } from './docs-page.ts'
import { mountAcmeChallenges } from './domains/acme-challenges.ts'
import { errorAnswer } from './error-answer.ts'
import { openApiOf } from './openapi.ts'
import { Paged, pageQuery, readPage } from './page.ts'
import type { ApiRequest, Route } from './route.ts'
import { mountShells } from './shells/mount-shells.ts'
import type { ShellLimits } from './shells/shell-session.ts'
import { sse } from './sse.ts'
import { TEAM_ID } from './teams/team.ts'
import { mountFlowWebhooks } from './triggers/flow-webhook-calls.ts'
import { mountGitWebhooks } from './triggers/git-webhooks.ts'
import { mountWebPages } from './web-pages.ts'

const BODY_LIMIT = 4 * 1024 * 1024

export type HttpOptions = {
  routes: readonly Route[]
  /** Answers whether this process can work; `/readyz` shows it. */
  ready?: () => Promise<boolean>
  /** Checks answers against their contract. For tests: a wrong answer becomes a 500. */
  checkReplies?: boolean
  /** Where the built web application lies; absent: there is none. */
  webFolder?: string
  /** Of commands over WebSockets, where other than usual. */
  shells?: Partial<ShellLimits>
}

/** The HTTP API: every route under `/v1` and `/v1/teams/:teamId`, its documents, and the health endpoints. */
export function createHttp(deps: ApiDeps, options: HttpOptions): FastifyInstance {
  const app = Fastify({
    bodyLimit: BODY_LIMIT,
    loggerInstance: deps.log,
    logController: new LogController({ disableRequestLogging: true }),
    forceCloseConnections: true,
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: 200 },
  }) as unknown as FastifyInstance
  acceptJson(app)
  app.addHook('onSend', async (_request, reply) => {
    void reply.headers({ 'x-content-type-options': 'nosniff', 'referrer-policy': 'no-referrer' })
  })
  app.setErrorHandler((error, request, reply) => errorAnswer(error, request, reply, deps))
  app.setNotFoundHandler((request, reply) => errorAnswer(noSuchRoute(request), request, reply, deps))
  for (const route of options.routes) mount(app, deps, route, options)
  mountGitWebhooks(app, deps)
  mountFlowWebhooks(app, deps)
  mountAcmeChallenges(app, deps)
  mountDocuments(app, options.routes)
  mountHealth(app, options)
  mountShells(app, deps, options.shells)
  if (options.webFolder !== undefined) mountWebPages(app, options.webFolder)
  return app
}

/** An empty body is no body, whatever its content type: clients send `{}`-less POSTs and DELETEs. */
function acceptJson(app: FastifyInstance): void {
  app.removeAllContentTypeParsers()
  const parse = app.getDefaultJsonParser('error', 'ignore')
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (body.length === 0) done(null, undefined)
    else
      void parse(request, body as string, (error, value) =>
        done(error === null ? null : malformed(error), value),
      )
  })
}

const malformed = (cause: Error): FairwayError =>
  new FairwayError('malformed_json', `The body is not valid JSON: ${cause.message}`, { cause })

function mount(app: FastifyInstance, deps: ApiDeps, route: Route, options: HttpOptions): void {
  const { contract } = route
  const path = contract.path.replaceAll(/\{(\w+)\}/g, ':$1')
  const handler = async (request: FastifyRequest, reply: FastifyReply): Promise<unknown> => {
    const checked = await readRequest(deps, contract, request, reply)
    if ('stream' in route) {
      const signal = AbortSignal.any([checked.signal, tokenEnd(deps, contract, request, checked)])
      return sse(reply, route.stream({ ...checked, signal }, deps), { signal, mask: deps.mask })
    }
    const answer = await route.answer(checked, deps)
    if (options.checkReplies) checkReply(contract, answer)
    void reply.status(contract.status ?? 200).header('cache-control', 'no-store')
    return answer instanceof Paged
      ? { data: answer.data, pagination: answer.pagination }
      : { data: answer ?? {} }
  }
  for (const prefix of ['/v1', '/v1/teams/:teamId']) {
    app.route({ method: contract.method, url: `${prefix}${path}`, handler })
  }
}

const RECHECK_MS = 5_000
const MAX_TIMER_MS = 2 ** 31 - 2

/** Aborts when the caller's token expires or is revoked: a stream may be open for days. */
function tokenEnd(
  deps: ApiDeps,
  contract: RouteContract,
  request: FastifyRequest,
  { signal, actor }: { signal: AbortSignal; actor: Actor },
): AbortSignal {
  if (signal.aborted) return signal
  const ended = new AbortController()
  const recheck = async (): Promise<void> => {
    try {
      await authenticate(deps, request.headers.authorization, contract.permission)
    } catch (error) {
      if (error instanceof FairwayError) ended.abort(error)
      else deps.log.warn({ err: error }, 'cannot check the token of an open stream')
    }
  }
  const left =
    actor.expiresAt === null
      ? Number.POSITIVE_INFINITY
      : actor.expiresAt.getTime() - deps.clock.now().getTime()
  const expiry = left < MAX_TIMER_MS ? setTimeout(() => void recheck(), left + 1) : undefined
  const timer = setInterval(() => void recheck(), RECHECK_MS)
  const stop = (): void => {
    clearTimeout(expiry)
    clearInterval(timer)
  }
  signal.addEventListener('abort', stop, { once: true })
  return ended.signal
}

const NOTHING = z.object({})

async function readRequest(
  deps: ApiDeps,
  contract: RouteContract,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<ApiRequest<unknown, unknown, unknown>> {
  // Before anything is waited for: a caller that is gone by then closes nothing any more.
  const signal = goneSignal(reply)
  const actor = await authenticate(deps, request.headers.authorization, contract.permission)
  checkTeam(request.params)
  const lastEventId = request.headers['last-event-id']
  return {
    params: check(contract.params ?? NOTHING, request.params, 'path'),
    query: check(contract.query ?? NOTHING, request.query, 'query'),
    body: contract.body === undefined ? undefined : check(contract.body, request.body ?? {}, 'body'),
    actor,
    page: readPage(check(pageQuery, contract.paginated ? request.query : {}, 'query')),
    signal,
    lastEventId: Array.isArray(lastEventId) ? lastEventId[0] : lastEventId,
  }
}

function goneSignal(reply: FastifyReply): AbortSignal {
  const gone = new AbortController()
  if (reply.raw.destroyed) gone.abort()
  else reply.raw.once('close', () => gone.abort())
  return gone.signal
}

function checkTeam(params: unknown): void {
  const { teamId } = params as { teamId?: string }
  if (teamId === undefined || teamId === TEAM_ID) return
  throw new FairwayError(
    'not_found',
    `There is no team "${teamId}". This installation has one: "${TEAM_ID}".`,
  )
}

function checkReply(contract: RouteContract, answer: unknown): void {
  const data = answer instanceof Paged ? answer.data : (answer ?? {})
  const parsed = contract.reply.safeParse(data)
  if (parsed.success) return
  throw new FairwayError('internal', 'The answer does not match its contract.', {
    detail: `${contract.id}: ${z.prettifyError(parsed.error)}`,
  })
}

const noSuchRoute = (request: FastifyRequest): FairwayError =>
  new FairwayError(
    'not_found',
    `There is no ${request.method} ${request.url.split('?')[0] ?? ''}. All routes are listed at /v1/docs.`,
  )

function mountDocuments(app: FastifyInstance, routes: readonly Route[]): void {
  const document = openApiOf([...routes.map((route) => route.contract), receiveGitWebhook])
  const page = docsPage(document)
  const text = JSON.stringify(document)
  for (const url of ['/v1/openapi.json', '/v1/swagger-json']) {
    app.get(url, (_request, reply) => reply.type('application/json').send(text))
  }
  for (const url of ['/v1/docs', '/v1/swagger-html']) {
    app.get(url, (_request, reply) => {
      void reply.type('text/html; charset=utf-8').header('content-security-policy', page.policy)
      return reply.send(page.html)
    })
  }
}

function mountHealth(app: FastifyInstance, { ready }: HttpOptions): void {
  app.get('/healthz', () => ({ status: 'ok' }))
  app.get('/readyz', async (_request, reply) => {
    // `fairway doctor` tells a taken port from our own by it.
    reply.header('server', 'Fairway')
    if (ready === undefined || (await ready())) return { status: 'ready' }
    return reply.status(503).send({ status: 'starting' })
  })
}
