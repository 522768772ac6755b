import { invalid } from '@fairway/contract/errors'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { callFlowWebhook } from '../../operations/triggers/flow-webhook.ts'
import { readWebhookValues } from '../../operations/triggers/webhook-values.ts'
import type { ApiDeps } from '../deps.ts'
import { runDepsOf } from '../release-flows/run-deps.ts'

/**
 * `GET` and `POST /v1/webhooks/release-flows/{token}`: starts the flow that the token belongs to. Answers 200 with the
 * run, 202 while its triggers are paused, 404 for a token that is nobody's.
 */
export function mountFlowWebhooks(app: FastifyInstance, deps: ApiDeps): void {
  app.route({
    method: ['GET', 'POST'],
    url: '/v1/webhooks/release-flows/:token',
    // Programs that look whether a link is alive ask by HEAD; that must start nothing.
    exposeHeadRoute: false,
    handler: (request, reply) => call(request, reply, deps),
  })
}

async function call(request: FastifyRequest, reply: FastifyReply, deps: ApiDeps): Promise<unknown> {
  const { token = '' } = request.params as { token?: string }
  const query = request.query as Record<string, unknown>
  const { id, runId, started, message } = await callFlowWebhook(
    deps.db,
    {
      token,
      idempotencyKey: headerOf(request, 'idempotency-key'),
      depth: readDepth(headerOf(request, 'x-fairway-depth')),
      read: ({ document }) => readWebhookValues(document, query, request.body),
    },
    runDepsOf(deps),
  )
  void reply.status(started ? 200 : 202).header('cache-control', 'no-store')
  return { data: { id, started, message, ...(runId !== null && { runId }) } }
}

function headerOf({ headers }: FastifyRequest, name: string): string | undefined {
  const value = headers[name]
  return (Array.isArray(value) ? value[0] : value)?.slice(0, 200)
}

function readDepth(text: string | undefined): number {
  if (text === undefined) return 0
  if (!/^\d{1,4}$/.test(text)) throw invalid('x-fairway-depth', 'must be a number')
  return Number(text)
}
