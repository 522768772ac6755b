import type { FastifyInstance } from 'fastify'
import { findChallengeAnswer } from '../../db/acme.ts'
import type { ApiDeps } from '../deps.ts'

/**
 * `GET /.well-known/acme-challenge/{token}`: what a certificate authority asks to see that a host is ours. The gateway
 * sends it here. No token is needed; what stands there is public.
 */
export function mountAcmeChallenges(app: FastifyInstance, { db }: Pick<ApiDeps, 'db'>): void {
  app.get('/.well-known/acme-challenge/:token', async (request, reply) => {
    const { token } = request.params as { token: string }
    const answer = /^[A-Za-z0-9_-]{1,200}$/.test(token) ? await findChallengeAnswer(db, token) : undefined
    void reply.type('text/plain').header('cache-control', 'no-store')
    if (answer === undefined) return reply.status(404).send('No challenge of this token is under way.\n')
    return answer
  })
}
