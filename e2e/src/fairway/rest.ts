export type Json = Record<string, unknown>
export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

/** A refused request, with what the server said. */
export class RestError extends Error {
  readonly status: number
  readonly body: unknown

  constructor(status: number, body: unknown) {
    super(`${status}: ${JSON.stringify(body)}`)
    this.status = status
    this.body = body
  }
}

export type Rest = (method: Method, path: string, body?: unknown) => Promise<Json>

/** The API under `/v1`; answers `data`. */
export function rest(url: string, token: string): Rest {
  return async (method, path, body) => {
    const response = await fetch(`${url}/v1${path}`, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
    const parsed = (await response.json()) as Json
    if (!response.ok) throw new RestError(response.status, parsed)
    return (parsed.data ?? parsed) as Json
  }
}
