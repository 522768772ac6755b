import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export type Recorded = {
  method: string
  path: string
  query: URLSearchParams
  headers: IncomingMessage['headers']
  body: Record<string, unknown>
}

export type Answer = { status?: number; body?: unknown; headers?: Record<string, string> }

export type TestHost = {
  url: string
  requests: Recorded[]
  /** The requests that change something. */
  writes(): Recorded[]
  /** Answers before the host's own rules when it answers something; `hang`: never. */
  interfere(how: (request: Recorded) => Answer | 'hang' | undefined): void
  statuses: Map<string, Record<string, unknown>[]>
  comments: Map<string, { id: number; text: string }[]>
  close(): Promise<void>
}

type Rule = [method: string, path: RegExp, act: (match: string[], request: Recorded) => Answer]

/**
 * A small git host on loopback that speaks the parts of the four APIs that are used for statuses and comments, as the
 * hosts document them, and keeps what it was told. Statuses by commit, the newest last; comments by number.
 */
export async function startTestHost(): Promise<TestHost> {
  const requests: Recorded[] = []
  const statuses: TestHost['statuses'] = new Map()
  const comments: TestHost['comments'] = new Map()
  let rule: Parameters<TestHost['interfere']>[0] = () => undefined
  const rules = rulesOf({ statuses, comments })
  const server = createServer((request, response) => {
    void record(request).then((recorded) => {
      requests.push(recorded)
      const own = rule(recorded)
      if (own === 'hang') return
      send(response, own ?? answerOf(rules, recorded))
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    writes: () => requests.filter(({ method }) => method !== 'GET'),
    interfere: (how) => {
      rule = how
    },
    statuses,
    comments,
    close: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

async function record(request: IncomingMessage): Promise<Recorded> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  const text = Buffer.concat(chunks).toString()
  const url = new URL(request.url ?? '/', 'http://host')
  const isForm = request.headers['content-type']?.includes('form') === true
  const body = text === '' ? {} : isForm ? Object.fromEntries(new URLSearchParams(text)) : JSON.parse(text)
  return {
    method: request.method ?? '',
    path: decodeURIComponent(url.pathname),
    query: url.searchParams,
    headers: request.headers,
    body: { ...Object.fromEntries(url.searchParams), ...body },
  }
}

function send(response: ServerResponse, { status = 200, body = {}, headers = {} }: Answer): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body))
}

function answerOf(rules: readonly Rule[], request: Recorded): Answer {
  for (const [method, path, act] of rules) {
    const match = request.method === method ? path.exec(request.path) : null
    if (match !== null) return act(match.slice(1), request)
  }
  return { status: 404, body: { message: 'Not Found' } }
}

type Kept = Pick<TestHost, 'statuses' | 'comments'>

function rulesOf({ statuses, comments }: Kept): Rule[] {
  let last = 0
  const next = (): number => {
    last += 1
    return last
  }
  const statusesOf = (sha = '') => statuses.get(sha) ?? []
  const addStatus = (sha = '', status: Record<string, unknown> = {}): Answer => {
    statuses.set(sha, [...statusesOf(sha), { ...status, id: next() }])
    return { status: 201, body: status }
  }
  const commentsOf = (number = '') => comments.get(number) ?? []
  const addComment = (number = '', text: unknown): Answer => {
    const added = { id: next(), text: String(text) }
    comments.set(number, [...commentsOf(number), added])
    return { status: 201, body: { id: added.id } }
  }
  const edit = (id = '', text: unknown): Answer => {
    const found = [...comments.values()].flat().find((one) => one.id === Number(id))
    if (found === undefined) return { status: 404 }
    found.text = String(text)
    return { body: { id: found.id } }
  }
  const bodies = (number = '') => commentsOf(number).map(({ id, text }) => ({ id, body: text }))
  const newest = (sha = '') => statusesOf(sha).toReversed()
  const github = /^\/api\/v3\/repos\/[^/]+\/[^/]+/.source
  const gitea = /^\/api\/v1\/repos\/[^/]+\/[^/]+/.source
  const gitlab = /^\/api\/v4\/projects\/.+?/.source
  const bitbucket = /^\/2\.0\/repositories\/[^/]+\/[^/]+/.source
  return [
    ['POST', new RegExp(`${github}/statuses/(\\w+)$`), ([sha], { body }) => addStatus(sha, body)],
    ['GET', new RegExp(`${github}/commits/(\\w+)/statuses$`), ([sha]) => ({ body: newest(sha) })],
    ['GET', new RegExp(`${github}/issues/(\\d+)/comments$`), ([number]) => ({ body: bodies(number) })],
    [
      'POST',
      new RegExp(`${github}/issues/(\\d+)/comments$`),
      ([number], { body }) => addComment(number, body.body),
    ],
    ['PATCH', new RegExp(`${github}/issues/comments/(\\d+)$`), ([id], { body }) => edit(id, body.body)],

    [
      'POST',
      new RegExp(`${gitea}/statuses/(\\w+)$`),
      ([sha], { body }) => addStatus(sha, { ...body, status: body.state }),
    ],
    ['GET', new RegExp(`${gitea}/commits/(\\w+)/statuses$`), ([sha]) => ({ body: newest(sha) })],
    ['GET', new RegExp(`${gitea}/issues/(\\d+)/comments$`), ([number]) => ({ body: bodies(number) })],
    [
      'POST',
      new RegExp(`${gitea}/issues/(\\d+)/comments$`),
      ([number], { body }) => addComment(number, body.body),
    ],
    ['PATCH', new RegExp(`${gitea}/issues/comments/(\\d+)$`), ([id], { body }) => edit(id, body.body)],

    [
      'POST',
      new RegExp(`${gitlab}/statuses/(\\w+)$`),
      ([sha], { body }) =>
        gitlabStatus(statusesOf(sha), body) ?? addStatus(sha, { ...body, status: body.state }),
    ],
    [
      'GET',
      new RegExp(`${gitlab}/repository/commits/(\\w+)/statuses$`),
      ([sha], { query }) => ({ body: statusesOf(sha).filter(({ name }) => name === query.get('name')) }),
    ],
    ['GET', new RegExp(`${gitlab}/merge_requests/(\\d+)/notes$`), ([number]) => ({ body: bodies(number) })],
    [
      'POST',
      new RegExp(`${gitlab}/merge_requests/(\\d+)/notes$`),
      ([number], { body }) => addComment(number, body.body),
    ],
    [
      'PUT',
      new RegExp(`${gitlab}/merge_requests/\\d+/notes/(\\d+)$`),
      ([id], { body }) => edit(id, body.body),
    ],

    [
      'POST',
      new RegExp(`${bitbucket}/commit/(\\w+)/statuses/build$`),
      ([sha], { body }) => bitbucketStatus(statusesOf(sha), body) ?? addStatus(sha, body),
    ],
    [
      'GET',
      new RegExp(`${bitbucket}/pullrequests/(\\d+)/comments$`),
      ([number]) => ({
        body: {
          values: commentsOf(number).map(({ id, text }) => ({ id, content: { raw: text }, deleted: false })),
        },
      }),
    ],
    [
      'POST',
      new RegExp(`${bitbucket}/pullrequests/(\\d+)/comments$`),
      ([number], { body }) => addComment(number, rawOf(body)),
    ],
    [
      'PUT',
      new RegExp(`${bitbucket}/pullrequests/\\d+/comments/(\\d+)$`),
      ([id], { body }) => edit(id, rawOf(body)),
    ],
  ]
}

const rawOf = (body: Recorded['body']): string => (body.content as { raw: string }).raw

/** GitLab refuses the state that a status has already. */
function gitlabStatus(known: readonly Record<string, unknown>[], body: Recorded['body']): Answer | undefined {
  const last = known.findLast(({ name }) => name === body.name)
  if (last?.state !== body.state) return undefined
  return { status: 400, body: { message: `Cannot transition status via :enqueue from :${body.state}` } }
}

/** Bitbucket keeps one status of each key, and wants a short key and an address. */
function bitbucketStatus(known: Record<string, unknown>[], body: Recorded['body']): Answer | undefined {
  const { key, url } = body
  if (typeof key !== 'string' || key.length > 40 || typeof url !== 'string') return { status: 400 }
  const same = known.find((one) => one.key === key)
  if (same === undefined) return undefined
  Object.assign(same, body)
  return { body: same }
}
