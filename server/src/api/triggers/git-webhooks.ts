import { FairwayError, notFound } from '@fairway/contract/errors'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { findGitAccountByWebhook } from '../../db/git-accounts.ts'
import type { Headers } from '../../operations/triggers/git-host-port.ts'
import { receiveDelivery } from '../../operations/triggers/receive.ts'
import type { ApiDeps } from '../deps.ts'
import { errorAnswer } from '../error-answer.ts'

const MEGABYTE = 1024 * 1024
/** The largest that GitHub sends. */
const LARGEST_BODY = 25 * MEGABYTE
const TYPES = ['application/json', 'application/x-www-form-urlencoded']

/**
 * `POST /v1/webhooks/git/{webhookId}`: where git hosts deliver. No token: the signature over the raw body is the proof.
 * Answers 202 with the event's id as soon as the delivery is stored.
 */
export function mountGitWebhooks(app: FastifyInstance, deps: ApiDeps): void {
  void app.register((scope, _options, ready) => {
    scope.removeAllContentTypeParsers()
    scope.setErrorHandler((error, request, reply) => {
      const isLarge = (error as { code?: string }).code === 'FST_ERR_CTP_BODY_TOO_LARGE'
      errorAnswer(isLarge ? tooLarge(error) : error, request, reply, deps)
    })
    // Before the body: nobody else is worth 25 MiB of memory.
    scope.addHook('onRequest', (request) => requireWebhook(request, deps))
    scope.addContentTypeParser(
      TYPES,
      { parseAs: 'buffer', bodyLimit: LARGEST_BODY },
      (_request, body, done) => done(null, body),
    )
    scope.post('/v1/webhooks/git/:webhookId', { bodyLimit: LARGEST_BODY }, (request, reply) =>
      receive(request, reply, deps),
    )
    ready()
  })
}

const tooLarge = (cause: unknown): FairwayError =>
  new FairwayError('body_too_large', 'The body is too large. At most 25 MiB are accepted.', { cause })

async function requireWebhook({ params }: FastifyRequest, { db }: ApiDeps): Promise<void> {
  const { webhookId = '' } = params as { webhookId?: string }
  if ((await findGitAccountByWebhook(db, webhookId)) === undefined) throw notFound('webhook', webhookId)
}

async function receive(request: FastifyRequest, reply: FastifyReply, deps: ApiDeps): Promise<unknown> {
  const { webhookId = '' } = request.params as { webhookId?: string }
  const rawBody = request.body
  if (!Buffer.isBuffer(rawBody)) {
    throw new FairwayError('unsupported_media_type', 'Send JSON, with "Content-Type: application/json".')
  }
  const { id } = await receiveDelivery(deps, { webhookId, headers: headersOf(request), rawBody })
  void reply.status(202).header('cache-control', 'no-store')
  return { data: { id } }
}

/** A header that came several times counts once. */
const headersOf = ({ headers }: FastifyRequest): Headers =>
  Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value[0] : value]),
  )
