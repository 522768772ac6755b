/** The gateway's own answers: plain text that says which of the parts failed, and nothing about the inside. */
export type Refusal = { status: number; reason: string; retryAfterSeconds?: number }

export const refusals = {
  badRequest: { status: 400, reason: 'The request is malformed.' },
  badHost: { status: 400, reason: 'The Host header is missing, doubled or not a host name.' },
  noRoute: { status: 404, reason: 'No service is routed for this host and path.' },
  bodyStalled: { status: 408, reason: 'The request body stood still for too long.' },
  headersTooLarge: { status: 431, reason: 'The request headers are too large.' },
  headTooSlow: { status: 408, reason: 'The request head took too long to arrive.' },
  badCoding: { status: 501, reason: 'Only the chunked transfer coding is supported.' },
  connectFailed: { status: 502, reason: 'No instance of the service accepted the connection.' },
  broken: { status: 502, reason: 'The instance broke the connection before it answered.' },
  noBackend: { status: 503, reason: 'No instance of the service is ready.', retryAfterSeconds: 1 },
  cut: { status: 503, reason: 'The instance was stopped before it answered.', retryAfterSeconds: 1 },
  timedOut: { status: 504, reason: 'The instance did not answer in time.' },
} as const satisfies Record<string, Refusal>

const titles: Record<number, string> = {
  400: 'Bad Request',
  404: 'Not Found',
  408: 'Request Timeout',
  431: 'Request Header Fields Too Large',
  501: 'Not Implemented',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
}

export type Page = { status: number; title: string; headers: string[]; body: string }

export function errorPage(refusal: Refusal, requestId: string): Page {
  const title = titles[refusal.status] ?? 'Error'
  const body = `${refusal.status} ${title}: ${refusal.reason}\nRequest ${requestId}\n`
  const headers = [
    'Content-Type',
    'text/plain; charset=utf-8',
    'Content-Length',
    String(Buffer.byteLength(body)),
  ]
  headers.push('Cache-Control', 'no-store', 'Server', 'Fairway')
  if (refusal.retryAfterSeconds !== undefined) headers.push('Retry-After', String(refusal.retryAfterSeconds))
  return { status: refusal.status, title, headers, body }
}

/** The whole answer as text, for a socket that no longer speaks through node:http. The connection ends after it. */
export function rawErrorPage(refusal: Refusal, requestId: string): string {
  const page = errorPage(refusal, requestId)
  const lines: string[] = []
  for (let i = 0; i < page.headers.length; i += 2)
    lines.push(`${page.headers[i]}: ${page.headers[i + 1]}\r\n`)
  return `HTTP/1.1 ${page.status} ${page.title}\r\n${lines.join('')}Connection: close\r\n\r\n${page.body}`
}
