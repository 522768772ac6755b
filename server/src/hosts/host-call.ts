import { FairwayError } from '@fairway/contract/errors'

/** A call that is not answered within this is given up. */
export const CALL_MS = 15_000

const ADVICE: Readonly<Record<number, string>> = {
  401: 'Replace the credentials of the account.',
  403: 'Give the account the right to write commit statuses and comments.',
  404: 'Check that the account may see the repository, and that the commit or pull request is there.',
}

/** The answer of a host that is no success, as an error that says whether trying again may help. */
export function refusal(status: number, said: string, isThrottled = false): FairwayError {
  const mayPass = isThrottled || status === 408 || status === 429 || status >= 500
  const words = said.replace(/\s+/g, ' ').trim().slice(0, 200)
  const answer = `The git host answered ${status}${words === '' ? '' : ` (${words})`}.`
  const advice = ADVICE[status]
  if (mayPass) return new FairwayError('host_unreachable', `${answer} Fairway tries again.`)
  return new FairwayError('host_refused', advice === undefined ? answer : `${answer} ${advice}`)
}

/** A call that got no answer: nobody knows whether it arrived. */
export function noAnswer(cause: unknown): FairwayError {
  const why = causesOf(cause).find(Boolean) ?? 'no connection'
  return new FairwayError(
    'host_unreachable',
    `The git host cannot be reached: ${why}. Fairway tries again.`,
    {
      cause,
    },
  )
}

/** What each of the nested errors says of the connection. */
function causesOf(error: unknown): (string | undefined)[] {
  if (!(error instanceof Error)) return []
  const { name, code, cause } = error as Error & { code?: unknown }
  if (/Timeout|Abort/.test(name)) return ['it gave no answer in time']
  return [typeof code === 'string' ? code : undefined, ...causesOf(cause)]
}

export type HostCall = {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH'
  url: string
  headers: Readonly<Record<string, string>>
  body?: unknown
  signal: AbortSignal
}

/** Calls a host's API; answers the JSON that it sent, or undefined for an empty body. */
export async function callHost({ method, url, headers, body, signal }: HostCall): Promise<unknown> {
  const { status, text } = await exchange({ method, url, headers, body, signal })
  if (status < 200 || status > 299) throw refusal(status, messageOf(text))
  return text === '' ? undefined : readJson(text)
}

async function exchange({ method, url, headers, body, signal }: HostCall) {
  try {
    const response = await fetch(url, {
      method,
      // Credentials go to this address only.
      redirect: 'manual',
      headers: {
        accept: 'application/json',
        ...headers,
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      signal: AbortSignal.any([signal, AbortSignal.timeout(CALL_MS)]),
    })
    return { status: response.status, text: await response.text() }
  } catch (cause) {
    if (signal.aborted) throw new FairwayError('aborted', 'Telling the git host was aborted.', { cause })
    throw noAnswer(cause)
  }
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new FairwayError('host_refused', 'The git host answered something else than JSON.', { cause })
  }
}

/** What a host says of a failure, wherever it puts it. */
function messageOf(text: string): string {
  const found = /"message"\s*:\s*"((?:[^"\\]|\\.)*)"/.exec(text)
  return found?.[1] ?? (/^\s*</.test(text) ? '' : text)
}
