import { FairwayError } from '@fairway/contract/errors'
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import type { ApiDeps } from './deps.ts'

/** What every failed request answers. `id` is the stable code. */
export type ErrorBody = {
  error: { status: number; message: string; id: string; details: Record<string, unknown> }
}

type Framework = Pick<FastifyError, 'code'> & { message: string; statusCode?: number }

/** The one place where an error becomes HTTP. What we did not foresee is logged with its cause and not shown. */
export function errorAnswer(
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
  { log, mask }: Pick<ApiDeps, 'log' | 'mask'>,
): void {
  const known = toFairwayError(error)
  if (known.status >= 500) {
    log.error(
      { err: error, detail: known.detail, method: request.method, route: request.routeOptions.url },
      known.code,
    )
  }
  void reply.status(known.status).send(bodyOf(known, mask))
}

export function bodyOf(error: FairwayError, mask: (text: string) => string): ErrorBody {
  const body: ErrorBody = {
    error: {
      status: error.status,
      message: error.message,
      id: error.code,
      details: { ...(error.problems.length > 0 && { problems: error.problems }), ...error.data },
    },
  }
  return JSON.parse(mask(JSON.stringify(body))) as ErrorBody
}

export function toFairwayError(error: unknown): FairwayError {
  if (error instanceof FairwayError) return error
  return fromFramework(error as Framework) ?? fromSystem(error as Framework) ?? unforeseen(error)
}

function fromFramework({ code, message, statusCode }: Framework): FairwayError | undefined {
  switch (code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return new FairwayError('body_too_large', 'The body is too large. At most 4 MiB are accepted.')
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return new FairwayError('unsupported_media_type', 'Send JSON, with "Content-Type: application/json".')
    case 'FST_ERR_CTP_INVALID_JSON_BODY':
    case 'FST_ERR_CTP_EMPTY_JSON_BODY':
      return new FairwayError('malformed_json', 'The body is not valid JSON.')
    default:
      if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) {
        return new FairwayError('invalid_request', message)
      }
      return undefined
  }
}

const UNREACHABLE = new Set(['ECONNREFUSED', 'ECONNRESET', '57P01', '57P03', '53300'])
const FULL = new Set(['ENOSPC', 'EDQUOT', '53100'])

function fromSystem(error: Framework): FairwayError | undefined {
  if (FULL.has(error.code)) {
    return new FairwayError('disk_full', 'The disk is full. Free some space and try again.', { cause: error })
  }
  if (UNREACHABLE.has(error.code)) {
    return new FairwayError('database_unavailable', 'The database does not answer. Try again in a moment.', {
      cause: error,
    })
  }
  return undefined
}

const unforeseen = (error: unknown): FairwayError =>
  new FairwayError('internal', 'Something went wrong on our side. The log of the server says what.', {
    cause: error,
  })
