/** `AcmeAuthority` by a client library, over HTTP of our own: see `acme-http.ts`. */
import { FairwayError } from '@fairway/contract/errors'
import type acme from 'acme-client'
import type {
  AcmeAccount,
  AcmeAuthority,
  AcmeChallenge,
  AcmeOrder,
  AcmeSession,
} from '../../reconcile/acme-port.ts'
import { type AcmeRequest, createAcmeHttp } from './acme-http.ts'

export type AcmeSettings = {
  directory: string
  email: string | undefined
  /** PEM of the authority's own root, where it is not a public one. */
  ca: string | undefined
}

type Acme = typeof acme

/** One a process: the client library has one place for how it speaks HTTP. It is loaded by the first use. */
export function createAcmeAuthority(settings: AcmeSettings): AcmeAuthority {
  let loading: Promise<Acme> | undefined
  const load = (): Promise<Acme> => {
    loading ??= loadAcme(settings)
    return loading
  }
  return {
    directory: settings.directory,
    newKey: async () => (await (await load()).crypto.createPrivateEcdsaKey('P-256')).toString(),
    open: async (account) => open(await load(), settings, account),
  }
}

async function loadAcme({ ca }: AcmeSettings): Promise<Acme> {
  const { default: library } = await import('acme-client')
  const send = createAcmeHttp(ca)
  library.axios.defaults.adapter = async (config) => {
    const { url, method, data, headers } = config
    const request = { url, method, data, headers: { ...headers } } as AcmeRequest
    return { ...(await send(request)), config, request: undefined }
  }
  return library
}

type Client = InstanceType<typeof acme.Client>

async function open(
  library: Acme,
  { directory, email }: AcmeSettings,
  account: AcmeAccount,
): Promise<AcmeSession> {
  const client = new library.Client({
    directoryUrl: directory,
    accountKey: account.key,
    ...(account.url !== null && { accountUrl: account.url }),
  })
  if (account.url === null) {
    await client.createAccount({
      termsOfServiceAgreed: true,
      ...(email !== undefined && { contact: [`mailto:${email}`] }),
    })
  }
  return {
    accountUrl: client.getAccountUrl(),
    begin: async (hosts) =>
      (await client.createOrder({ identifiers: hosts.map((value) => ({ type: 'dns', value })) })).url,
    look: (url) => look(client, url),
    answer: async (challenge) => {
      await client.completeChallenge({
        type: 'http-01',
        status: 'pending',
        url: challenge.url,
        token: challenge.token,
      })
    },
    finalize: async (url, { hosts, key }) => {
      const [, request] = await library.crypto.createCsr({ altNames: [...hosts] }, key)
      await client.finalizeOrder(await orderOf(client, url), request)
    },
    download: async (url) => client.getCertificate(await orderOf(client, url)),
  }
}

type Order = Awaited<ReturnType<Client['getOrder']>>
type Authorization = Awaited<ReturnType<Client['getAuthorizations']>>[number]

/** The library asks for a whole order and needs its address only. */
const orderOf = (client: Client, url: string): Promise<Order> => client.getOrder({ url } as Order)

async function look(client: Client, url: string): Promise<AcmeOrder | undefined> {
  const order = await orderOf(client, url).catch(unlessUnknown)
  if (order === undefined) return undefined
  if (order.status === 'invalid') return { status: 'invalid', reason: await whyInvalid(client, order) }
  if (order.status !== 'pending') return { status: order.status }
  const authorizations = await client.getAuthorizations(order)
  const dead = authorizations.find(({ status }) => status !== 'pending' && status !== 'valid')
  if (dead !== undefined) return { status: 'invalid', reason: reasonOf(authorizations, dead.status) }
  const waiting = authorizations.filter(({ status }) => status === 'pending')
  const challenges = await Promise.all(waiting.map((one) => challengeOf(client, one)))
  return {
    status: 'pending',
    challenges,
    open: challenges.filter((_, index) => httpOf(waiting[index])?.status === 'pending'),
    trouble: troubleOf(waiting),
  }
}

/** A forgotten order answers 404, one of another account 401 or 403 and `unauthorized`. */
function unlessUnknown(error: unknown): undefined {
  if (error instanceof FairwayError && /^(40[134]|malformed|unauthorized)$/.test(String(error.data.problem)))
    return undefined
  throw error
}

const httpOf = (authorization: Authorization | undefined) =>
  authorization?.challenges.find(({ type }) => type === 'http-01')

async function challengeOf(client: Client, authorization: Authorization): Promise<AcmeChallenge> {
  const challenge = httpOf(authorization)
  const host = authorization.identifier.value
  if (challenge === undefined) {
    throw new FairwayError(
      'certificate_failed',
      `The certificate authority does not offer HTTP-01 for ${host}. Import a certificate for it instead.`,
    )
  }
  const answer = await client.getChallengeKeyAuthorization(challenge)
  return { host, token: challenge.token, answer, url: challenge.url }
}

const troubleOf = (authorizations: readonly Authorization[]): string | null =>
  authorizations.map((one) => detailOf(httpOf(one))).find((detail) => detail !== undefined) ?? null

const detailOf = (challenge: unknown): string | undefined =>
  (challenge as { error?: { detail?: string } } | undefined)?.error?.detail

async function whyInvalid(client: Client, order: Order): Promise<string> {
  const said = (order as { error?: { detail?: string } }).error?.detail
  return said ?? reasonOf(await client.getAuthorizations(order), order.status)
}

const reasonOf = (authorizations: readonly Authorization[], status: string): string =>
  troubleOf(authorizations) ?? `the order is ${status}`
